/** A notification that was published; nothing leaves the machine. */
export interface OutboxMessage {
  readonly id: string;
  /** Topic's name, or the phone number of a direct SMS. */
  readonly topic: string;
  readonly topicArn?: string;
  readonly subject?: string;
  readonly message: string;
  /** Message attributes by name, e.g. channel, role, type. */
  readonly attributes: Readonly<Record<string, string>>;
  /** ISO 8601 */
  readonly at: string;
}
