import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { DependencyUnavailableError, FinalError, TransientError } from '../../../shared/errors.ts';
import { logger } from '../../../shared/observability/logger.ts';
import { createTaskHandler, defineTask } from '../../../shared/workflow/task-handler.ts';

const double = defineTask({
  input: z.object({ orderId: z.string(), amount: z.number() }),
  output: z.object({ doubled: z.number() }),
  async run({ amount }) {
    return { doubled: amount * 2, secret: 'hidden' };
  },
});
const handler = createTaskHandler(() => ({ double }));

const thrownFor = (fault: Error): Promise<unknown> =>
  createTaskHandler(() => ({ fail: () => Promise.reject(fault) }))({ task: 'fail' }).catch(
    (thrown: unknown) => thrown,
  );

afterEach(() => vi.restoreAllMocks());

describe('a workflow Lambda', () => {
  test('runs the task that the payload names and answers by its schema', async () => {
    expect(await handler({ task: 'double', orderId: 'o', amount: 2 })).toEqual({ doubled: 4 });
  });

  test.each<unknown>([
    { task: 'halve' },
    { task: 'constructor' },
    { task: 'toString' },
    { task: 'double', orderId: 'o', amount: 'two' },
    { task: 'double' },
    { orderId: 'o' },
    {},
    null,
    'double',
  ])('refuses %j for good, by a name that is never retried', async (event) => {
    const error = await handler(event).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'InvalidTaskInputError' });
  });

  test('lets errors out by their own names, since those choose Retry or Catch', async () => {
    expect(await thrownFor(new TransientError('busy'))).toMatchObject({
      name: 'TransientError',
      message: 'busy',
    });
    class NotHeldError extends FinalError {
      override readonly name = 'NotHeldError';
    }
    expect(await thrownFor(new NotHeldError('gone'))).toMatchObject({
      name: 'NotHeldError',
      message: 'gone',
    });
  });

  test('lets nothing out with an error that Lambda would write down: item, cause, or what its message quotes', async () => {
    const fault = Object.assign(new FinalError('ann@example.com refused', new Error('to 1 Long Street')), {
      Item: { street: { S: '1 Long Street' } },
    });
    const error = await thrownFor(fault);
    expect(error).toMatchObject({ name: 'FinalError', message: '[redacted] refused' });
    const written = inspect(error, { depth: null, showHidden: true });
    expect(written).toMatch(/task-handler\.test/);
    expect(written).not.toMatch(/ann@|Long Street/);
    const strange = await createTaskHandler(() => ({ double }))({
      task: 'double',
      orderId: 1,
      'ann@example.com': 1,
    }).catch((thrown: unknown) => thrown);
    expect(strange).toMatchObject({ message: 'orderId: invalid_type' });
  });

  test('calls a dependency that is out for a moment by the name that is retried', async () => {
    const fault = new DependencyUnavailableError('Secrets Manager');
    expect(await thrownFor(fault)).toMatchObject({ name: 'TransientError', message: fault.message });
  });

  test('whose tasks could not be made tries again at the next call', async () => {
    let builds = 0;
    const late = createTaskHandler(() => {
      builds += 1;
      if (builds === 1) throw new Error('ORDERS_TABLE is missing');
      return { double };
    });
    await expect(late({ task: 'double', orderId: 'o', amount: 1 })).rejects.toThrow('ORDERS_TABLE');
    expect(await late({ task: 'double', orderId: 'o', amount: 1 })).toEqual({ doubled: 2 });
    await late({ task: 'double', orderId: 'o', amount: 1 });
    expect(builds).toBe(2);
  });
});

describe('the log of a task', () => {
  test('warns without a stack of what is tried again, and names its cause', async () => {
    const warn = vi.spyOn(logger, 'warn').mockReturnValue(undefined);
    const error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    const cause = Object.assign(new Error('of ann@example.com'), {
      name: 'TransactionCanceledException',
      $metadata: { httpStatusCode: 400 },
      CancellationReasons: [{ Code: 'TransactionConflict' }],
    });
    await thrownFor(new TransientError('DynamoDB is busy', cause));
    const told = {
      name: 'TransientError',
      message: 'DynamoDB is busy',
      cause: {
        name: 'TransactionCanceledException',
        message: 'of [redacted]',
        httpStatusCode: 400,
        cancellationReasons: ['TransactionConflict'],
      },
    };
    expect(warn.mock.calls).toEqual([['task failed', { error: told }]]);
    expect(error).not.toHaveBeenCalled();
  });

  test('keeps errors, and with them their stacks, for what is final', async () => {
    const warn = vi.spyOn(logger, 'warn').mockReturnValue(undefined);
    const error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    const fault = new FinalError('refused');
    await thrownFor(fault);
    expect(error.mock.calls).toEqual([['task failed', { error: fault }]]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("has Lambda's own id of the invocation beside the order's", async () => {
    const keys = vi.spyOn(logger, 'appendKeys');
    await handler({ task: 'double', orderId: 'o', amount: 2 }, { awsRequestId: 'lambda-1' });
    expect(Object.assign({}, ...keys.mock.calls.map(([given]) => given))).toMatchObject({
      lambdaRequestId: 'lambda-1',
      orderId: 'o',
      task: 'double',
    });
  });
});
