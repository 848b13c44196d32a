import { lambdaRequestIdOf } from '../observability/invocation.ts';
import { logger } from '../observability/logger.ts';
import { safeError } from '../observability/safe-error.ts';
import { traced } from '../observability/tracer.ts';
import type { BatchAnswer } from './queue-handler.ts';
import { streamEventSchema } from './stream-records.ts';

/**
 * The handler of a Lambda behind a table's stream. When its very first record fails a batch gets nowhere, and an error
 * is thrown for it: all of it comes again either way, but Lambda counts an error, which takes a new version back, and
 * halves the batch until that record stands alone. A failure further on is first again at the next delivery.
 * @param build makes the worker at the first batch; when it throws, the whole batch comes again
 */
export function createStreamHandler(
  name: string,
  build: () => (event: unknown) => Promise<BatchAnswer>,
): (event: unknown, context?: unknown) => Promise<BatchAnswer> {
  let work: ((event: unknown) => Promise<BatchAnswer>) | undefined;
  return async (event, context) => {
    logger.appendKeys({ lambdaRequestId: lambdaRequestIdOf(context) });
    try {
      return await traced(name, async () => {
        const answer = await told(() => {
          work ??= build();
          return work(event);
        });
        const first = streamEventSchema.parse(event).Records[0]?.dynamodb.SequenceNumber;
        if (answer.batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === first)) {
          throw new Error(`The batch fails at its first record, ${first}.`);
        }
        return answer;
      });
    } finally {
      logger.resetKeys();
    }
  };
}

/** Tells why a whole batch failed: Lambda would write the error down without its cause, and with all of its members. */
async function told<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    logger.error('batch failed', { error });
    throw safeError(error);
  }
}
