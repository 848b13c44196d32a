import { clientDefaults } from '../aws-client.ts';

/** One try: a repetition behind our back could send twice under one claim. The queue tries again. */
export const senderDefaults = { ...clientDefaults, maxAttempts: 1 } as const;

/** What services call a refusal for the moment: the message was not taken. SNS's name lacks the ending. */
const throttles = new Set([
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'LimitExceededException',
]);

/** Whether the error, or the one behind our own name for it, is a throttle. */
export function isThrottle(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return throttles.has(error.name) || isThrottle(error.cause);
}
