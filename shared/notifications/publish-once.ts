import type { Clock } from '../effects.ts';
import { type OnceStore, once } from '../workflow/once.ts';
import type { Notification } from './notification.ts';
import type { Notifier } from './notifier.ts';

export interface PublishPorts {
  readonly notifier: Notifier;
  readonly once: OnceStore;
  readonly clock: Clock;
}

/** Under which a notification is known as published. */
export const publicationKey = (notificationId: string) => `NOTIFY#${notificationId}`;

/**
 * Publishes a notification once, whoever comes upon its occasion again.
 * @param also is done behind it, and both again should it fail; deliveries know the notification by its id
 * @throws TransientError while another attempt is at it
 */
export function publishOnce(
  notification: Notification,
  { notifier, once: store, clock }: PublishPorts,
  also?: () => Promise<void>,
): Promise<void> {
  return once(
    store,
    publicationKey(notification.notificationId),
    () => clock.now(),
    async () => {
      await notifier.publish(notification);
      await also?.();
    },
  );
}
