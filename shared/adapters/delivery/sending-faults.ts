import { httpStatusOf } from '../aws-faults.ts';

/** What services call a refusal for the moment: the message was not taken. SNS's name lacks the ending. */
const throttles = new Set([
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'LimitExceededException',
]);

/** Whether the service takes no more for a moment. */
export function isThrottle(error: unknown): boolean {
  return error instanceof Error && throttles.has(error.name);
}

/**
 * Whether a message may have been sent though the call failed. It surely was not
 * - when the service answered that it refuses: 3xx and 4xx, and 503, which says that it does not work on requests now;
 * - when there was no connection, or no encrypted one;
 * - when the SDK gave up before it asked, as without credentials.
 * It may have been after any other 5xx, after an answer 2xx that cannot be read, and when the connection timed out
 * or was lost once there was one: from outside, these look the same before and after the message was taken.
 */
export function mayHaveBeenSent(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  const status = httpStatusOf(error);
  if (status !== undefined) return status < 300 || (status >= 500 && status !== 503);
  if ('$fault' in error) return error.$fault !== 'client';
  if (isWithoutConnection(error)) return false;
  // Node's errors of sockets, TLS and HTTP have codes. What has none was thrown before anything was sent.
  return error.name === 'TimeoutError' || codeOf(error) !== '';
}

/** The SDK's handler says by its text alone that `connectionTimeout` was over, and Node that TLS was not set up. */
const saysWithoutConnection = /did not establish a connection|before secure TLS connection was established/;
const certificateCodes = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;

function isWithoutConnection(error: Error): boolean {
  // One of each address that was tried.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every((one) => one instanceof Error && isWithoutConnection(one));
  }
  const call = 'syscall' in error ? error.syscall : undefined;
  return (
    call === 'connect' ||
    call === 'getaddrinfo' ||
    saysWithoutConnection.test(error.message) ||
    certificateCodes.test(codeOf(error))
  );
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
