import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import * as z from 'zod';
import { lambdaRequestIdOf } from '../observability/invocation.ts';
import { logger } from '../observability/logger.ts';
import { traced } from '../observability/tracer.ts';

const messageSchema = z.looseObject({ messageId: z.string(), body: z.string() });
const eventSchema = z.object({ Records: z.array(messageSchema) });
const subjectSchema = z.looseObject({ orderId: z.string().optional() });

/**
 * Lambda's partial batch answer. Of a queue, the messages that are named come again and all others are done with; of a
 * stream, all records from the first one that is named.
 */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * The handler of a Lambda behind a queue. Each message stands for itself: one that fails comes again and ends in the
 * dead-letter queue, the others of its batch do not notice. A batch of which nothing was handled is an error of the
 * Lambda: it comes again either way, but only errors take a new version back.
 * @param build makes the worker at the first batch; when it throws, the whole batch comes again
 */
export function createQueueHandler(
  name: string,
  build: () => (body: unknown) => Promise<void>,
): (event: unknown, context?: unknown) => Promise<BatchAnswer> {
  let work: ((body: unknown) => Promise<void>) | undefined;
  return async (event, context) => {
    const { Records } = eventSchema.parse(event);
    work ??= build();
    const run = work;
    const handle = async (record: z.infer<typeof messageSchema>): Promise<void> => {
      let orderId: string | undefined;
      try {
        const body: unknown = JSON.parse(record.body);
        orderId = subjectSchema.safeParse(body).data?.orderId;
        await run(body);
      } catch (error) {
        const { messageId } = record;
        logger.error('message not handled', { messageId, orderId, error: described(error) });
        throw error;
      }
    };
    const processor = new BatchProcessor(EventType.SQS);
    logger.appendKeys({ lambdaRequestId: lambdaRequestIdOf(context) });
    try {
      return await traced(name, async () => {
        // The processor's own error would carry those of the messages along, and Lambda would write them down.
        const options = { throwOnFullBatchFailure: false };
        const answer = await processPartialResponse({ Records }, handle, processor, options);
        if (Records.length > 0 && answer.batchItemFailures.length === Records.length) {
          throw new Error(`Not one of ${Records.length} messages was handled.`);
        }
        return answer;
      });
    } finally {
      logger.resetKeys();
    }
  };
}

/** By name and place alone: a provider's message quotes the address that it refused, a JSON error's the body. */
function described(error: unknown): string {
  if (error instanceof z.ZodError) {
    return `ZodError at ${error.issues.map(({ path }) => path.join('.')).join(', ')}`;
  }
  if (error instanceof SyntaxError) return 'SyntaxError: the body is no JSON';
  if (!(error instanceof Error)) return typeof error;
  const { name, cause } = error;
  return `${cause instanceof Error ? `${name} (${cause.name})` : name}${placeOf(cause ?? error)}`;
}

/** ` at …`: where it was thrown, behind the message, which may have lines of its own. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error) || !error.stack?.includes(error.message)) return '';
  const frames = error.stack.slice(error.stack.indexOf(error.message) + error.message.length);
  const first = /^\n\s+(at [^\n]+)/.exec(frames)?.[1];
  return first === undefined ? '' : ` ${first}`;
}
