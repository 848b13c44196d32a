import { TransientError } from '../errors.ts';

/**
 * Runs an AWS call and renames what may pass (throttles, outages, no connection) to TransientError; what the
 * service refuses for good goes through as it is. The SDK has already repeated the call.
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

function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const fault = '$fault' in error ? error.$fault : undefined;
  const isThrottle = /Throttl|TooManyRequests|LimitExceeded/.test(error.name);
  // Without a fault of client or server there was no answer at all.
  return fault !== 'client' || isThrottle;
}
