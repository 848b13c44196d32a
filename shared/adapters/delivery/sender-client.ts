import { TransientError } from '../../errors.ts';
import type { SendResult } from '../../notifications/delivery-ports.ts';
import { mayPass } from '../aws-faults.ts';
import { isThrottle, mayHaveBeenSent } from './sending-faults.ts';

/**
 * One try: a repetition behind our back could send twice under one claim. The queue tries again. A provider that is
 * slow has mostly taken the message, so it gets all the time that the Lambda has for it: a send begins within six of
 * its 15 seconds. Each has a connection of its own: one from before the Lambda slept is often closed at the other
 * end, and then it would be open whether the message got through.
 */
export const senderDefaults = {
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 8_000,
    throwOnRequestTimeout: true,
    socketTimeout: 8_000,
    httpsAgent: { keepAlive: false },
    httpAgent: { keepAlive: false },
  },
} as const;

/**
 * Sends, and tells what came of it.
 * @param isTheirs whether a refusal is the recipient's, for good
 * @throws Error that the call met, when the message was surely not sent: TransientError if a later try may succeed
 */
export async function attempt(
  service: string,
  call: () => Promise<unknown>,
  isTheirs: (error: Error) => boolean,
): Promise<SendResult> {
  try {
    await call();
    return { status: 'sent' };
  } catch (error) {
    if (isThrottle(error)) return { status: 'throttled' };
    if (error instanceof Error && isTheirs(error)) return { status: 'undeliverable', reason: error.name };
    if (mayHaveBeenSent(error)) {
      return { status: 'unknown', reason: error instanceof Error ? error.name : typeof error };
    }
    throw mayPass(error) ? new TransientError(`${service} could not do this now`, error) : error;
  }
}
