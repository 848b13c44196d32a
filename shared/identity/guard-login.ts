import { createHash } from 'node:crypto';
import { Problem, type ProblemCode } from '../api/problem.ts';
import type { Clock } from '../effects.ts';
import { CodesLockedProblem } from './code-limits.ts';
import type { Attempt, LoginProtection } from './login-protection.ts';
import { networkOf } from './network-address.ts';

export interface LoginAttempt {
  readonly email: string;
  readonly ip: string;
  readonly captchaToken: string | undefined;
}

type Protection = Pick<LoginProtection, 'attempts' | 'captcha' | 'limits' | 'sleep'>;
type Counter = 'account' | 'address';

/** What counts as a failure; anything else that goes wrong is not the person's doing. */
const failures: readonly ProblemCode[] = ['invalid_credentials', 'captcha_required', 'account_locked'];

/**
 * Runs a login within the limits. An attempt is counted before the password is looked at, and is given back
 * unless it fails: so many guesses at one moment are still no more than the limit. Neither the answers nor
 * the work depend on whether the account exists, and a lock refuses every password alike, unasked.
 * @throws Problem account_locked · captcha_required · rate_limited, and whatever `logIn` throws
 */
export async function guardLogin<T>(
  attempt: LoginAttempt,
  protection: Protection,
  clock: Clock,
  logIn: () => Promise<T>,
): Promise<T> {
  const { attempts, limits } = protection;
  const keys = keysOf(attempt);
  const failed = await takeBoth(keys, protection, clock);
  let answer: T;
  try {
    if (failed.account >= limits.account.captchaAfter || failed.address >= limits.address.captchaAfter) {
      await requireCaptcha(attempt, protection);
    }
    answer = await logIn();
  } catch (error) {
    const isFailure =
      error instanceof Problem && !(error instanceof CodesLockedProblem) && failures.includes(error.code);
    await both((counter) =>
      isFailure
        ? attempts.fail(keys[counter], clock.now(), limits.windowSeconds)
        : attempts.giveBack(keys[counter]),
    );
    throw error;
  }
  // The address keeps its failures: an account of one's own must not buy guesses at those of others.
  await both((counter) => attempts.giveBack(keys[counter]));
  if (failed.account > 0) await attempts.forget(keys.account);
  return answer;
}

async function both<T>(run: (counter: Counter) => Promise<T>): Promise<Record<Counter, T>> {
  const [account, address] = await Promise.all([run('account'), run('address')]);
  return { account, address };
}

/** Hashes, because the counters outlive the person's wish to be forgotten by some minutes. */
function keysOf({ email, ip }: LoginAttempt): Record<Counter, string> {
  const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
  return { account: `ACCOUNT#${digest(email)}`, address: `ADDRESS#${digest(networkOf(ip))}` };
}

const waits = 30;
const waitMilliseconds = 150;

/**
 * Takes an attempt on both sides. Where others are still running it waits for how they end: so many honest
 * logins at one moment get in one after the other, so many guesses meet the lock.
 * @returns the failures before this attempt
 */
async function takeBoth(
  keys: Record<Counter, string>,
  { attempts, limits, sleep }: Protection,
  clock: Clock,
): Promise<Record<Counter, number>> {
  for (let wait = 0; wait < waits; wait += 1) {
    const now = clock.now();
    const { account, address } = await both((counter) =>
      attempts.take(keys[counter], limits[counter].lockAfter, now, limits.windowSeconds),
    );
    if (account.kind === 'taken' && address.kind === 'taken') {
      return { account: account.failures, address: address.failures };
    }
    // An attempt that is not heard counts on neither side.
    if (account.kind === 'taken') await attempts.giveBack(keys.account);
    if (address.kind === 'taken') await attempts.giveBack(keys.address);
    refuseLocked(account, limits.account.lockAfter, now);
    refuseLocked(address, limits.address.lockAfter, now);
    await sleep(waitMilliseconds);
  }
  throw new Problem('rate_limited', 'Too many logins of this account at one moment.', {
    retryAfterSeconds: 1,
  });
}

/** @throws Problem account_locked */
function refuseLocked({ failures: failed, until }: Attempt, lockAfter: number, now: Date): void {
  if (failed >= lockAfter) {
    throw new Problem('account_locked', 'Too many attempts; try again later.', {
      retryAfterSeconds: Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000)),
    });
  }
}

async function requireCaptcha({ captchaToken, ip }: LoginAttempt, { captcha }: Protection): Promise<void> {
  if (captchaToken !== undefined && (await captcha.isSolved(captchaToken, ip))) {
    return;
  }
  throw new Problem(
    'captcha_required',
    captchaToken === undefined
      ? 'After several failed attempts a CAPTCHA must be solved; send its answer as captchaToken.'
      : 'The CAPTCHA answer is wrong or has been used; solve a new one.',
  );
}
