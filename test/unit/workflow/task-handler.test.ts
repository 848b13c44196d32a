import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { DependencyUnavailableError, FinalError, TransientError } from '../../../shared/errors.ts';
import {
  createTaskHandler,
  defineTask,
  InvalidTaskInputError,
} from '../../../shared/workflow/task-handler.ts';

const double = defineTask({
  input: z.object({ orderId: z.string(), amount: z.number() }),
  output: z.object({ doubled: z.number() }),
  async run({ amount }) {
    return { doubled: amount * 2, secret: 'hidden' };
  },
});
const handler = createTaskHandler(() => ({ double }));

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
    expect(error).toBeInstanceOf(InvalidTaskInputError);
    expect(error).toBeInstanceOf(FinalError);
    expect(error).toMatchObject({ name: 'InvalidTaskInputError' });
  });

  test('lets errors out by their own names, since those choose Retry or Catch', async () => {
    const fault = new TransientError('busy');
    const failing = createTaskHandler(() => ({ fail: () => Promise.reject(fault) }));
    await expect(failing({ task: 'fail' })).rejects.toBe(fault);
  });

  test('calls a dependency that is out for a moment by the name that is retried', async () => {
    const fault = new DependencyUnavailableError('Secrets Manager');
    const failing = createTaskHandler(() => ({ fail: () => Promise.reject(fault) }));
    const error = await failing({ task: 'fail' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ name: 'TransientError', cause: fault });
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
