import { Problem } from './problem.ts';

/** Counts hits on a key in windows of one minute. */
export interface RateLimiter {
  /** Adds one hit atomically and returns how many the current window has had, this one included. */
  hit(key: string, windowStart: Date): Promise<number>;
}

const windowMilliseconds = 60_000;

/** @throws Problem rate_limited once `perMinute` hits have been let through in the running minute */
export async function limitRate(
  limiter: RateLimiter,
  key: string,
  perMinute: number,
  now: Date,
): Promise<void> {
  const windowStart = new Date(Math.floor(now.getTime() / windowMilliseconds) * windowMilliseconds);
  const hits = await limiter.hit(key, windowStart);
  if (hits > perMinute) {
    const retryAfterSeconds = Math.ceil((windowStart.getTime() + windowMilliseconds - now.getTime()) / 1000);
    throw new Problem('rate_limited', `At most ${perMinute} such requests a minute from one address.`, {
      retryAfterSeconds,
    });
  }
}
