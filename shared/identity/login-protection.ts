import type { Channel } from '../notifications/notification.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { LoginLimits } from './login-limits.ts';

export interface Attempt {
  /** `exhausted`: nothing was counted, as so many attempts have failed or are still running. */
  readonly kind: 'taken' | 'exhausted';
  /** How many have failed in the window. */
  readonly failures: number;
  /** When the failures are forgotten if nothing happens until then; without any, when running attempts are. */
  readonly until: Date;
}

/** Counters of attempts. Each change is one atomic write, so that attempts at one moment count each. */
export interface AttemptCounter {
  /**
   * Takes one of `limit` attempts. It is on the count while it runs, and moves no window: people who log in all
   * day must not keep the failures of the morning alive.
   */
  take(key: string, limit: number, now: Date, windowSeconds: number): Promise<Attempt>;
  /** A taken attempt has failed: it stays on the count. All failures count until `windowSeconds` after the latest. */
  fail(key: string, now: Date, windowSeconds: number): Promise<void>;
  /** Takes an attempt that has not failed off the count again. */
  giveBack(key: string): Promise<void>;
  /** Forgets the failures; attempts that run stay on the count. */
  forget(key: string): Promise<void>;
}

/** A second factor that was asked for: what a code must be checked against, and nothing to find it from. */
export interface Challenge {
  readonly challengeId: string;
  readonly userId: string;
  /** Keyed hash over the code and all that it is bound to. */
  readonly codeHash: string;
  readonly expiresAt: Date;
}

export interface ChallengeStore {
  put(challenge: Challenge): Promise<void>;
  /**
   * Counts an attempt in one conditional write.
   * @returns the hash; undefined when the challenge is not this user's, has expired, was used, or has had `limit` attempts
   */
  takeAttempt(challengeId: string, userId: string, limit: number, now: Date): Promise<string | undefined>;
  /** @returns false when it has been used before */
  use(challengeId: string): Promise<boolean>;
}

/** Asks whoever made the CAPTCHA. @throws DependencyUnavailableError */
export interface CaptchaVerifier {
  isSolved(token: string, ip: string): Promise<boolean>;
}

/** What stands between a password and a token. */
export interface LoginProtection {
  readonly limits: LoginLimits;
  readonly attempts: AttemptCounter;
  readonly captcha: CaptchaVerifier;
  readonly challenges: ChallengeStore;
  /** Key of the codes' hashes: who reads the table alone cannot try all codes against them. */
  readonly codeKey: () => Promise<string>;
  readonly notifier: Notifier;
  /** The channels that the stage can send a code over; by text message where there is a telephone number. */
  readonly codeChannels: readonly Channel[];
  readonly sleep: (milliseconds: number) => Promise<void>;
}
