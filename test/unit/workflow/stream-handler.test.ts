import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { logger } from '../../../shared/observability/logger.ts';
import { orderIdOf } from '../../../shared/observability/stream-order.ts';
import { createStreamHandler } from '../../../shared/workflow/stream-handler.ts';

const batch = (...sequenceNumbers: string[]) => ({
  Records: sequenceNumbers.map((SequenceNumber) => ({ dynamodb: { SequenceNumber } })),
});

function failingAt(...sequenceNumbers: string[]) {
  const batchItemFailures = sequenceNumbers.map((itemIdentifier) => ({ itemIdentifier }));
  return createStreamHandler('test', () => async () => ({ batchItemFailures }));
}

afterEach(() => vi.restoreAllMocks());

describe('a batch of a stream', () => {
  it('that fails as a whole is told of with the cause, which Lambda would leave out, and let out without', async () => {
    const error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    const fault = Object.assign(new Error('busy', { cause: new Error('of 1 Long Street') }), { Item: 'Ann' });
    const handler = createStreamHandler('test', () => () => Promise.reject(fault));
    const thrown = await handler(batch('1')).catch((one: unknown) => one);
    expect(error.mock.calls).toEqual([['batch failed', { error: fault }]]);
    expect(thrown).toMatchObject({ name: 'Error', message: 'busy' });
    expect(inspect(thrown, { depth: null, showHidden: true })).not.toMatch(/Long Street|Ann/);
  });

  it("has Lambda's own id of the invocation on its lines", async () => {
    const keys = vi.spyOn(logger, 'appendKeys');
    await failingAt()(batch('1'), { awsRequestId: 'lambda-1' });
    expect(keys).toHaveBeenCalledWith({ lambdaRequestId: 'lambda-1' });
  });

  it('comes again from the record that failed, those before it being done with', async () => {
    expect(await failingAt('2', '3')(batch('1', '2', '3'))).toEqual({
      batchItemFailures: [{ itemIdentifier: '2' }, { itemIdentifier: '3' }],
    });
  });

  it('is an error of the Lambda when it gets nowhere, in whatever order its failures are told', async () => {
    await expect(failingAt('1')(batch('1', '2'))).rejects.toThrow('fails at its first record');
    await expect(failingAt('2', '1')(batch('1', '2'))).rejects.toThrow('fails at its first record');
  });

  it('is none when nothing failed, or nothing was there', async () => {
    expect(await failingAt()(batch('1'))).toEqual({ batchItemFailures: [] });
    expect(await failingAt()(batch())).toEqual({ batchItemFailures: [] });
  });

  it('comes again as a whole while the Lambda cannot be built', async () => {
    let broken = true;
    const handler = createStreamHandler('test', () => {
      if (broken) throw new Error('no environment');
      return async () => ({ batchItemFailures: [] });
    });
    await expect(handler(batch('1'))).rejects.toThrow('no environment');
    broken = false;
    expect(await handler(batch('1'))).toEqual({ batchItemFailures: [] });
  });
});

describe('the order of a record', () => {
  const orderId = '01KJMH4G00RDERAAAAAAAAAAAA';
  const of = (pk: unknown) => orderIdOf({ dynamodb: { Keys: { pk } } });

  it('is read from its key', () => {
    expect(of({ S: `ORDER#${orderId}` })).toBe(orderId);
  });

  it.each([{ S: 'ORDER#ann@example.com' }, { S: `USER#${orderId}` }, { N: '1' }, undefined])(
    'is none for %j, since what is no id is no text for a log',
    (pk) => {
      expect(of(pk)).toBeUndefined();
    },
  );
});
