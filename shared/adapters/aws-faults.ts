import { TransientError } from '../errors.ts';

/** AWS's names for faults that a later call may not meet, where the SDK does not mark them itself. */
const passingNames =
  /ServiceUnavailable|InternalServerError|Throttl|TooManyRequests|LimitExceeded|ThroughputExceeded|TransactionConflict|TransactionInProgress|TimeoutError|NetworkingError/;

/** Node's codes for a connection that was not to be had, or was lost. */
const socketCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** HTTP status of the service's answer, which the SDK notes on whatever it throws after one. */
export function httpStatusOf(error: Error): number | undefined {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/**
 * Whether a later call may succeed where this one failed: the service's own fault, a throttle, a conflict or
 * the network. What the service refuses for good, and a defect of ours, may not.
 */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const fault = '$fault' in error ? error.$fault : undefined;
  const isMarked = '$retryable' in error && error.$retryable !== undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // An answer that no model of the SDK knows, as of a proxy on the way, is called the client's fault there.
  const isServerFault = fault === 'server' || (httpStatusOf(error) ?? 0) >= 500;
  return isServerFault || isMarked || passingNames.test(error.name) || socketCodes.has(code);
}

/**
 * Runs an AWS call and renames what may pass to TransientError; all else goes through as it is. The SDK has
 * already repeated the call.
 */
export async function awsCall<T>(service: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (mayPass(error)) {
      throw new TransientError(`${service} could not do this now`, error);
    }
    throw error;
  }
}
