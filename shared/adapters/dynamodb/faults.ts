import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransientError } from '../../errors.ts';
import { mayPass } from '../aws-faults.ts';

/** Cancellation reasons of a transaction that say "try again" rather than "your condition is false". */
const passingReasons = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'InternalServerError',
]);

/** Why a transaction was cancelled: one entry per action, `None` where the action itself was fine. */
export interface CancellationReason {
  readonly code: string;
  /** The item as it stood, when the action asked for it on a failed check. In DynamoDB's attribute-value form. */
  readonly item: Readonly<Record<string, unknown>> | undefined;
}

export function isConditionFailure(error: unknown): boolean {
  return error instanceof ConditionalCheckFailedException;
}

/** The reasons of a cancelled transaction in the order of its actions; undefined for any other error. */
export function cancellationReasons(error: unknown): readonly CancellationReason[] | undefined {
  if (!(error instanceof TransactionCanceledException)) {
    return undefined;
  }
  return (error.CancellationReasons ?? []).map(({ Code = 'None', Item }) => ({ code: Code, item: Item }));
}

/** True when the transaction met another one or a throttle, and no condition of it was false. */
export function isTransientCancellation(reasons: readonly CancellationReason[]): boolean {
  const codes = reasons.map((reason) => reason.code).filter((code) => code !== 'None');
  return codes.length > 0 && codes.every((code) => passingReasons.has(code));
}

/**
 * Runs a conditional write.
 * @returns false when its condition was false, and nothing was written
 * @throws TransientError when the fault may pass
 */
export async function conditionally(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await transiently(write);
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}

/** Runs a call and renames faults that may pass to TransientError; all others go through as they are. */
export async function transiently<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (mayPass(error) || (reasons && isTransientCancellation(reasons))) {
      throw new TransientError('DynamoDB could not do this now', error);
    }
    throw error;
  }
}
