import type { User } from '../identity/user.ts';
import type { Content } from './content.ts';
import type { Channel, NotificationType } from './notification.ts';

/** What became of an attempt to send: taken, never to be taken, or refused for now and surely not sent. */
export type SendResult =
  | { readonly status: 'sent' }
  | { readonly status: 'undeliverable'; readonly reason: string }
  | { readonly status: 'throttled' };

/**
 * Hands one message to whoever brings it to the person. It asks once and repeats nothing: whether to try again is
 * decided where the once-record is.
 * @throws Error when it is unknown whether the message was taken (TransientError), or when nobody would be sent
 * anything as things stand (any other)
 */
export interface Sender<C extends Channel> {
  send(to: string, content: Content[C], kind: MessageKind): Promise<SendResult>;
}

/** What the message is, where a channel tells. */
export interface MessageKind {
  readonly type: NotificationType;
  /** Whoever reads it has subscribed to it, and may end that. */
  readonly optIn: boolean;
}

export interface Readers {
  /** The person, for certain as they are now. */
  find(userId: string): Promise<User | undefined>;
  /** Enabled Managers and Admins, a bounded number of them. */
  staff(): Promise<readonly User[]>;
}

export type DeliveryOutcome = 'sent' | 'undeliverable' | 'unknown';

/** Who has been sent what. Claims end by themselves, so a crashed attempt holds up the next only for a while. */
export interface DeliveryRecords {
  claim(key: string, now: Date, until: Date): Promise<'claimed' | 'busy' | 'done'>;
  complete(key: string, outcome: DeliveryOutcome): Promise<void>;
  /** Gives back the claim that was taken until `until`; a newer one, or what is done, stays. */
  release(key: string, until: Date): Promise<void>;
}
