import type { Notification } from './notification.ts';

export type { Notification } from './notification.ts';

/** Sends notifications to whoever delivers them. @throws TransientError when the topic is busy */
export interface Notifier {
  publish(notification: Notification): Promise<void>;
}
