import type * as z from 'zod';
import type { notificationSchema } from './notification.ts';

export type Notification = z.infer<typeof notificationSchema>;

/** Sends notifications to whoever delivers them. @throws TransientError when the topic is busy */
export interface Notifier {
  publish(notification: Notification): Promise<void>;
}
