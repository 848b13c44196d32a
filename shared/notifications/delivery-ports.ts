import type { User } from '../identity/user.ts';
import type { Content } from './content.ts';
import type { Channel, NotificationType } from './notification.ts';

/**
 * What became of an attempt to send: taken, never to be taken, refused for now and surely not sent, or not known,
 * because it was handed over and no answer came, or one that does not say.
 */
export type SendResult =
  | { readonly status: 'sent' }
  | { readonly status: 'undeliverable'; readonly reason: string }
  | { readonly status: 'throttled' }
  | { readonly status: 'unknown'; readonly reason: string };

/**
 * Hands one message to whoever brings it to the person. It asks once and repeats nothing: whether to try again is
 * decided where the once-record is. It ends within 8 seconds or little more, which a Lambda has.
 * @throws Error when the message was surely not sent and may be tried again (TransientError if that may pass by itself)
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

/** The right to send that an attempt asks for. */
export interface DeliveryAttempt {
  /** Of this attempt alone. */
  readonly id: string;
  readonly now: Date;
  /** When the claim ends by itself. */
  readonly until: Date;
  /** How many claims there may be under which it may have been sent, this one among them. */
  readonly most: number;
}

export type DeliveryClaim =
  /** `sends`: claims under which it may have been sent, this one among them. */
  | { readonly status: 'claimed'; readonly sends: number }
  | { readonly status: 'busy' }
  | { readonly status: 'done' }
  /** As many attempts as may be have ended without telling whether they sent it. */
  | { readonly status: 'spent' };

/**
 * Who has been sent what. A claim counts as a send from the beginning, so that a process that dies leaves the right
 * count behind; whoever knows that nothing was sent gives it back. Claims end by themselves, so a crashed attempt
 * holds up the next only for a while.
 */
export interface DeliveryRecords {
  claim(key: string, attempt: DeliveryAttempt): Promise<DeliveryClaim>;
  /** Notes the outcome for good. False when another attempt has noted one before. */
  complete(key: string, attemptId: string, outcome: DeliveryOutcome): Promise<boolean>;
  /** Gives back the attempt's claim, under which nothing was sent; another's, or what is done, stays. */
  release(key: string, attemptId: string): Promise<void>;
}
