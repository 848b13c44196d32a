import { codesOf, type ErrorCodes } from './error-codes.ts';
import { safeMessage } from './safe-error.ts';

/** As the formatter writes an error, but for where it was thrown. */
export interface BriefError extends ErrorCodes {
  readonly name: string;
  readonly message: string;
  readonly cause?: BriefError;
}

/**
 * For the log line of what will be tried again: what failed, and why. Stacks are most of an error's line, and of a
 * throttle they tell nothing.
 */
export function briefError(error: Error): BriefError {
  const { name, cause } = error;
  return {
    name,
    message: safeMessage(error),
    ...codesOf(error),
    ...(cause instanceof Error ? { cause: briefError(cause) } : {}),
  };
}
