import { inspect } from 'node:util';
import { BadRequestException } from '@aws-sdk/client-sesv2';
import { describe, expect, it, vi } from 'vitest';
import { TransientError } from '../../../shared/errors.ts';
import { logger } from '../../../shared/observability/logger.ts';
import { createQueueHandler } from '../../../shared/workflow/queue-handler.ts';

const message = (messageId: string, body: unknown) => ({ messageId, body: JSON.stringify(body) });

describe('a batch of messages', () => {
  it('has those named that failed, and no others', async () => {
    const done: unknown[] = [];
    const handler = createQueueHandler('test', () => async (body) => {
      if (body === 'bad') throw new Error('no');
      done.push(body);
    });
    const Records = [
      message('1', 'a'),
      message('2', 'bad'),
      { messageId: '3', body: '{' },
      message('4', 'b'),
    ];
    const { batchItemFailures } = await handler({ Records });
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(['2', '3']);
    expect(done).toEqual(['a', 'b']);
  });

  it('is told of in the log by message and order, not by what is in it', async () => {
    const error = vi.spyOn(logger, 'error').mockImplementation(() => undefined);
    const handler = createQueueHandler('test', () => async () => {
      throw new Error('no');
    });
    const Records = [message('1', { orderId: 'order-1', to: 'ann' }), { messageId: '2', body: '{"to":"ann' }];
    await expect(handler({ Records })).rejects.toThrow('Not one of 2 messages');
    const told = error.mock.calls.map(([, members]) => members);
    expect(told).toHaveLength(2);
    expect(told).toContainEqual({
      messageId: '1',
      orderId: 'order-1',
      error: expect.stringMatching(/^Error at .*queue-handler/),
    });
    expect(told).toContainEqual({
      messageId: '2',
      orderId: undefined,
      error: 'SyntaxError: the body is no JSON',
    });
    error.mockRestore();
  });

  it('is an error of the Lambda when all its messages failed, which says nothing of what was in them', async () => {
    const handler = createQueueHandler('test', () => async (body) => {
      throw new Error(`cannot write to ${body}`);
    });
    const failure = await handler({
      Records: [message('1', 'a@shop.example'), message('2', 'b@shop.example')],
    }).catch((error: unknown) => error);
    expect(failure).toEqual(new Error('Not one of 2 messages was handled.'));
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain('shop.example');
  });

  it("has Lambda's own id of the invocation on its lines", async () => {
    const keys = vi.spyOn(logger, 'appendKeys');
    const handler = createQueueHandler('test', () => async () => undefined);
    await handler({ Records: [message('1', 'a')] }, { awsRequestId: 'lambda-1' });
    expect(keys).toHaveBeenCalledWith({ lambdaRequestId: 'lambda-1' });
    keys.mockRestore();
  });

  it('is none when it is empty', async () => {
    const handler = createQueueHandler('test', () => async () => undefined);
    expect(await handler({ Records: [] })).toEqual({ batchItemFailures: [] });
  });

  it('comes again as a whole while the Lambda cannot be built', async () => {
    let broken = true;
    const handler = createQueueHandler('test', () => {
      if (broken) throw new Error('no environment');
      return async () => undefined;
    });
    await expect(handler({ Records: [message('1', 'a')] })).rejects.toThrow('no environment');
    broken = false;
    expect(await handler({ Records: [message('1', 'a')] })).toEqual({ batchItemFailures: [] });
  });

  it.each<[string, unknown]>([
    ['the provider', new BadRequestException({ message: 'Illegal address ann@example.com', $metadata: {} })],
    [
      'what is behind our own error',
      new TransientError('no', new Error('to ann@example.com\n  at ann@example.com')),
    ],
    ['something that is no error', 'ann@example.com'],
  ])('that fails is logged by name and place, without the words of %s', async (_who, thrown) => {
    const error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    const handler = createQueueHandler('test', () => async (body) => {
      if (body === 'bad') throw thrown;
    });
    await handler({ Records: [message('1', 'bad'), message('2', 'good')] });
    const said = JSON.stringify(error.mock.calls);
    expect(said).not.toContain('ann@');
    if (thrown instanceof Error) expect(said).toMatch(new RegExp(`"${thrown.name}.* at .*queue-handler`));
    error.mockRestore();
  });
});
