import { createHash } from 'node:crypto';
import { Problem } from '../api/problem.ts';
import type { User } from './user.ts';
import type { UserPorts } from './user-ports.ts';

type Ports = Pick<UserPorts, 'effects' | 'protection'>;

const wrongCodesSeconds = 24 * 60 * 60;

/** Too many wrong codes. Not a wrong password: known devices go on getting in. */
export class CodesLockedProblem extends Problem {}

/** A code that is about to be sent, on the counters of its user and of where it goes. */
export interface CountedCode {
  /** It was sent. */
  keep(): Promise<void>;
  /** It was not sent. Changes nothing once it is kept. */
  giveBack(): Promise<void>;
}

/**
 * Each code may be guessed at a few times, so their number is limited; and one telephone or mailbox may be on
 * many accounts, as nobody proves that it is theirs.
 * @throws Problem rate_limited
 */
export async function takeCode(user: User, { effects, protection }: Ports): Promise<CountedCode> {
  const { attempts, limits } = protection;
  const now = effects.clock.now();
  const taken: string[] = [];
  const giveBack = async () => {
    await Promise.all(taken.splice(0).map((key) => attempts.giveBack(key)));
  };
  const counters = [
    [codesKey(user), limits.codesPerWindow],
    [destinationKey(user), limits.codesPerDestination],
  ] as const;
  for (const [key, limit] of counters) {
    const attempt = await attempts.take(key, limit, now, limits.windowSeconds);
    if (attempt.kind === 'exhausted') {
      await giveBack();
      throw new Problem('rate_limited', 'Too many codes were sent; try again later.', {
        retryAfterSeconds: secondsUntil(attempt.until, now),
      });
    }
    taken.push(key);
  }
  return {
    keep: async () => {
      await Promise.all(taken.splice(0).map((key) => attempts.fail(key, now, limits.windowSeconds)));
    },
    giveBack,
  };
}

/** A guess at a code, on the count of the wrong ones until it turns out to be right. */
export interface CountedGuess {
  wasRight(): Promise<void>;
  wasWrong(): Promise<void>;
}

/**
 * Takes one of the guesses that a user has in all, whatever the number of codes: guesses are few per code and
 * codes few per window, but windows have no end.
 * @throws Problem account_locked
 */
export async function takeGuess(user: User, { effects, protection }: Ports): Promise<CountedGuess> {
  const { attempts, limits } = protection;
  const now = effects.clock.now();
  const key = wrongCodesKey(user);
  const guess = await attempts.take(key, limits.wrongCodes, now, wrongCodesSeconds);
  if (guess.kind === 'exhausted') {
    throw new CodesLockedProblem('account_locked', 'Too many wrong codes; only known devices may log in.', {
      retryAfterSeconds: secondsUntil(guess.until, now),
    });
  }
  return {
    wasRight: async () => {
      await attempts.giveBack(key);
      if (guess.failures > 0) await attempts.forget(key);
      await attempts.forget(codesKey(user));
    },
    wasWrong: () => attempts.fail(key, now, wrongCodesSeconds),
  };
}

/** A code that would not be heard is not sent. @throws Problem account_locked */
export async function refuseAfterWrongCodes(user: User, ports: Ports): Promise<void> {
  await takeGuess(user, ports);
  await ports.protection.attempts.giveBack(wrongCodesKey(user));
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
}

const codesKey = ({ userId }: User) => `CODES#${userId}`;
const wrongCodesKey = ({ userId }: User) => `WRONG_CODES#${userId}`;
/** A hash, because the counter outlives the person's wish to be forgotten by some minutes. */
const destinationKey = ({ phone, email }: User) =>
  `CODES_TO#${createHash('sha256')
    .update(phone ?? email)
    .digest('base64url')}`;
