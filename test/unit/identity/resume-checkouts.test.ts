import {
  InvalidToken,
  SendTaskSuccessCommand,
  SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCheckoutResumer } from '../../../shared/adapters/step-functions/resume-checkouts.ts';
import type { CheckoutResumer } from '../../../shared/identity/checkout-resumer.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
let resumer: CheckoutResumer;
const workflow = mockClient(SFNClient);

const wait = (userId: string, orderId: string, taskToken: string) =>
  dynamo.client.send(
    new UpdateCommand({
      TableName: dynamo.table('orders'),
      Key: { pk: `WAITING#${userId}`, sk: orderId },
      UpdateExpression: 'ADD taskTokens :token',
      ExpressionAttributeValues: { ':token': new Set([taskToken]) },
    }),
  );
const waiting = async () => {
  const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName: dynamo.table('orders') }));
  return Items.map(({ pk, sk, taskTokens = [] }) => [pk, sk, ...taskTokens].join(' ')).sort();
};
const resumed = () =>
  workflow.commandCalls(SendTaskSuccessCommand).map(({ args }) => args[0].input.taskToken);

beforeAll(async () => {
  dynamo = await startDynamo('orders');
  resumer = createCheckoutResumer(
    dynamo.client,
    dynamo.table('orders'),
    new SFNClient({ region: 'us-east-1' }),
  );
});
afterAll(() => dynamo?.stop());
beforeEach(() => {
  workflow.reset();
  workflow.on(SendTaskSuccessCommand).resolves({});
});

describe('resuming checkouts', () => {
  it('wakes every one of the user, and no one else’s, once', async () => {
    await wait('ann', 'order-1', 'token-1');
    await wait('ann', 'order-2', 'token-2');
    await wait('bob', 'order-3', 'token-3');
    await resumer.resumeFor('ann');
    expect(resumed()).toEqual(['token-1', 'token-2']);
    expect(await waiting()).toEqual(['WAITING#bob order-3 token-3']);
    await resumer.resumeFor('ann');
    expect(resumed()).toHaveLength(2);
  });

  it.each([
    new TaskTimedOut({ message: '', $metadata: {} }),
    new TaskDoesNotExist({ message: '', $metadata: {} }),
    new InvalidToken({ message: '', $metadata: {} }),
  ])('forgets a checkout that waits no more: $name', async (error) => {
    workflow.on(SendTaskSuccessCommand).rejects(error);
    await wait('cid', 'order-1', 'token-1');
    await resumer.resumeFor('cid');
    expect((await waiting()).filter((row) => row.includes('cid'))).toEqual([]);
  });

  it('keeps the token when Step Functions does not answer, so that a repetition resumes', async () => {
    const noConnection = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    workflow.on(SendTaskSuccessCommand).rejects(noConnection);
    await wait('dan', 'order-1', 'token-1');
    await expect(resumer.resumeFor('dan')).rejects.toMatchObject({ name: 'TransientError' });
    workflow.on(SendTaskSuccessCommand).resolves({});
    await resumer.resumeFor('dan');
    expect(resumed()).toEqual(['token-1', 'token-1']);
  });

  it('leaves a token alone that came while the others were answered', async () => {
    await wait('eve', 'order-1', 'token-1');
    workflow.on(SendTaskSuccessCommand).callsFake(async () => {
      await wait('eve', 'order-1', 'token-2');
      return {};
    });
    await resumer.resumeFor('eve');
    expect(await waiting()).toContain('WAITING#eve order-1 token-1 token-2');
  });

  it('answers every token of a checkout, as the last to be stored may be one that was given up', async () => {
    workflow.on(SendTaskSuccessCommand).callsFake(async ({ taskToken }) => {
      if (taskToken === 'token-1') throw new TaskTimedOut({ message: '', $metadata: {} });
      return {};
    });
    await wait('fay', 'order-1', 'token-2');
    await wait('fay', 'order-1', 'token-1');
    await resumer.resumeFor('fay');
    expect(resumed().sort()).toEqual(['token-1', 'token-2']);
    expect((await waiting()).filter((row) => row.includes('fay'))).toEqual([]);
  });

  it('wakes a checkout whose row was written before all tokens were kept', async () => {
    const Item = { pk: 'WAITING#gus', sk: 'order-1', taskToken: 'token-1', waitingSince: 'then' };
    await dynamo.client.send(new PutCommand({ TableName: dynamo.table('orders'), Item }));
    await resumer.resumeFor('gus');
    expect(resumed()).toEqual(['token-1']);
    expect((await waiting()).filter((row) => row.includes('gus'))).toEqual([]);
  });
});
