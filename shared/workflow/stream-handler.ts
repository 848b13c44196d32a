import * as z from 'zod';
import { traced } from '../observability/tracer.ts';
import type { BatchAnswer } from './queue-handler.ts';

const eventSchema = z.object({
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })),
});

/**
 * The handler of a Lambda behind a table's stream. When its very first record fails a batch gets nowhere, and an error
 * is thrown for it: all of it comes again either way, but Lambda counts an error, which takes a new version back, and
 * halves the batch until that record stands alone. A failure further on is first again at the next delivery.
 * @param build makes the worker at the first batch; when it throws, the whole batch comes again
 */
export function createStreamHandler(
  name: string,
  build: () => (event: unknown) => Promise<BatchAnswer>,
): (event: unknown) => Promise<BatchAnswer> {
  let work: ((event: unknown) => Promise<BatchAnswer>) | undefined;
  return async (event) => {
    work ??= build();
    const run = work;
    return traced(name, async () => {
      const answer = await run(event);
      const first = eventSchema.parse(event).Records[0]?.dynamodb.SequenceNumber;
      if (answer.batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === first)) {
        throw new Error(`The batch fails at its first record, ${first}.`);
      }
      return answer;
    });
  };
}
