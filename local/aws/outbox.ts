/** A notification that was published to a topic; nothing leaves the machine. */
export interface OutboxMessage {
  readonly id: string;
  /** Topic's name. */
  readonly topic: string;
  readonly topicArn?: string;
  readonly subject?: string;
  readonly message: string;
  /** Message attributes by name, e.g. channel, role, type. */
  readonly attributes: Readonly<Record<string, string>>;
  /** ISO 8601 */
  readonly at: string;
}

/** What a person would have received: a mail, a text message or a push message. */
export interface DeliveredMessage {
  readonly id: string;
  readonly channel: 'email' | 'sms' | 'push';
  /** Mailbox, telephone number, or an app's endpoint. */
  readonly to: string;
  readonly from?: string;
  readonly subject?: string;
  readonly text: string;
  readonly html?: string;
  /** ISO 8601 */
  readonly at: string;
}
