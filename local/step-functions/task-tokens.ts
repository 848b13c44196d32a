import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws/aws-error.ts';

export type TaskOutcome =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly error: string; readonly cause: string };

const tokenPattern = /^local-[A-Za-z0-9_-]{43}$/;

/** The tasks that wait for SendTaskSuccess or SendTaskFailure. A token works once, and only while its task waits. */
export class TaskTokens {
  readonly #waiting = new Map<string, (outcome: TaskOutcome) => void>();

  make(): string {
    return `local-${randomBytes(32).toString('base64url')}`;
  }

  /** Resolves when the token is sent back; `release` gives the wait up, so that the token no longer works. */
  wait(token: string): { outcome: Promise<TaskOutcome>; release: () => void } {
    const { promise, resolve } = Promise.withResolvers<TaskOutcome>();
    this.#waiting.set(token, resolve);
    return { outcome: promise, release: () => this.#waiting.delete(token) };
  }

  /** @throws AwsError InvalidToken or TaskTimedOut, as Step Functions answers them */
  settle(token: string, outcome: TaskOutcome): void {
    if (!tokenPattern.test(token))
      throw new AwsError('InvalidToken', `Invalid Token: '${token.slice(0, 40)}'`);
    const resolve = this.#waiting.get(token);
    if (!resolve)
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    this.#waiting.delete(token);
    resolve(outcome);
  }
}
