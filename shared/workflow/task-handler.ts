import * as z from 'zod';
import { DependencyUnavailableError, FinalError, TransientError } from '../errors.ts';
import { briefError } from '../observability/brief-error.ts';
import { lambdaRequestIdOf } from '../observability/invocation.ts';
import { logger } from '../observability/logger.ts';
import { safeError, safeMessage } from '../observability/safe-error.ts';
import { traced } from '../observability/tracer.ts';

/** One task of a workflow Lambda: what goes in, what comes out, and the use case between. */
export interface Task<Input = unknown, Output = unknown> {
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  run(input: Input): Promise<Output>;
}

/** Ties a task's schemas to its use case; the types are lost once tasks stand in a table. */
export function defineTask<I, O>(task: Task<I, O>): (payload: unknown) => Promise<unknown> {
  return async (payload) => task.output.parse(await task.run(task.input.parse(payload)));
}

export type TaskTable = Readonly<Record<string, (payload: unknown) => Promise<unknown>>>;

/** The state machine sent what no task understands: a defect, not a fault, so it is never retried. */
export class InvalidTaskInputError extends FinalError {
  override readonly name = 'InvalidTaskInputError';
}

const envelopeSchema = z.looseObject({ task: z.string(), orderId: z.string().optional() });

/**
 * The handler of a workflow Lambda. An ASL Task names its task in the payload; errors leave by their own
 * names, since those choose Retry or Catch, and otherwise say no more than a log line may: Lambda writes down, and
 * answers to the state machine, whatever is on them.
 * @param build makes the tasks at the first call; when it throws, the next call tries again
 */
export function createTaskHandler(
  build: () => TaskTable,
): (event: unknown, context?: unknown) => Promise<unknown> {
  let tasks: TaskTable | undefined;
  return async (event, context) => {
    logger.appendKeys({ lambdaRequestId: lambdaRequestIdOf(context) });
    try {
      const { task, orderId, ...input } = envelopeSchema.parse(event);
      logger.appendKeys({ task, orderId });
      tasks ??= build();
      const run = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
      if (!run) {
        throw new InvalidTaskInputError(`There is no task ${task}`);
      }
      const answer = await traced(task, () => run({ orderId, ...input }));
      // With its own ids: in the local runtime another run may have reset the logger's keys meanwhile.
      logger.info('task done', { task, orderId });
      return answer;
    } catch (error) {
      const failure = underNameForRetry(error);
      // Retry is the plan for what may pass; what is final, or comes too often, has an ending of its own.
      if (failure instanceof TransientError) logger.warn('task failed', { error: briefError(failure) });
      else logger.error('task failed', { error: failure });
      throw safeError(failure);
    } finally {
      logger.resetKeys();
    }
  };
}

/** The state machines' Retry knows one name for what may pass; that of a dependency, a secret say, is for HTTP. */
function underNameForRetry(error: unknown): Error {
  if (error instanceof z.ZodError) return new InvalidTaskInputError(safeMessage(error), error);
  if (error instanceof DependencyUnavailableError) return new TransientError(error.message, error);
  return error instanceof Error ? error : new Error(String(error));
}
