import { describe, expect, it } from 'vitest';
import { createStreamHandler } from '../../../shared/workflow/stream-handler.ts';

const batch = (...sequenceNumbers: string[]) => ({
  Records: sequenceNumbers.map((SequenceNumber) => ({ dynamodb: { SequenceNumber } })),
});

function failingAt(...sequenceNumbers: string[]) {
  const batchItemFailures = sequenceNumbers.map((itemIdentifier) => ({ itemIdentifier }));
  return createStreamHandler('test', () => async () => ({ batchItemFailures }));
}

describe('a batch of a stream', () => {
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
