import {
  DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createInventoryStore } from '../../../shared/adapters/dynamodb/inventory-store.ts';
import { createStockWatch } from '../../../shared/adapters/dynamodb/stock-watch.ts';
import { transact } from '../../../shared/adapters/dynamodb/transact.ts';
import { TransientError } from '../../../shared/errors.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
const dynamo = mockClient(client);
const items = [{ Delete: { TableName: 'products', Key: { productId: 'p' } } }];

const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

describe('a transaction', () => {
  let delays: number[];
  const effects = {
    random: () => 0.5,
    sleep: async (milliseconds: number) => void delays.push(milliseconds),
  };
  beforeEach(() => {
    dynamo.reset();
    delays = [];
  });

  it('is tried again with growing delays while another is in the way', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled('TransactionConflict'))
      .rejectsOnce(cancelled('ThrottlingError'))
      .resolves({});
    expect(await transact(client, items, effects)).toBeUndefined();
    expect(delays).toEqual([25, 50]);
  });

  it('that holds a product does not keep its mark of low stock from being set', async () => {
    const low = { productId: 'p', availableCount: 1, lowStockThreshold: 5, archived: false };
    dynamo.on(BatchGetCommand).resolves({ Responses: { products: [low] } });
    const conflict = new TransactionConflictException({ message: 'conflict', $metadata: {} });
    dynamo.on(UpdateCommand).rejectsOnce(conflict).resolves({});
    await createStockWatch(client, 'products', effects).look(['p'], new Date(0));
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(2);
  });

  it('is given up as transient after three repetitions', async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('TransactionConflict'));
    await expect(transact(client, items, effects)).rejects.toThrow(TransientError);
    expect(delays).toHaveLength(3);
    expect(dynamo.calls()).toHaveLength(4);
  });

  it('whose condition is false is not tried again: its reasons are the answer', async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('ConditionalCheckFailed', 'None'));
    const reasons = await transact(client, items, effects);
    expect(reasons?.map((reason) => reason.code)).toEqual(['ConditionalCheckFailed', 'None']);
    expect(delays).toEqual([]);
  });

  it('that met a conflict beside a false condition is tried again, since the conflict hides a condition', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled('ConditionalCheckFailed', 'TransactionConflict'))
      .resolves({});
    expect(await transact(client, items, effects)).toBeUndefined();
  });

  it('that is wrong in itself fails at once with its own error', async () => {
    const error = cancelled('ValidationError');
    dynamo.on(TransactWriteCommand).rejects(error);
    await expect(transact(client, items, effects)).rejects.toBe(error);
    expect(delays).toEqual([]);
  });

  it('of a hold counts as held when the answer to its first try was lost', async () => {
    const row = { state: { S: 'HELD' } };
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    const repeated = new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: row }],
    });
    dynamo.on(TransactWriteCommand).rejectsOnce(lost).rejectsOnce(repeated);
    const store = createInventoryStore(client, { products: 'products', inventory: 'inventory' }, effects);
    const result = await store.hold('order-1', [{ productId: 'p', quantity: 1 }], new Date(0));
    expect(result).toEqual({ held: true, repeated: true });
  });

  it('of a hold, commit or release of up to fifty lines never has more than a hundred actions', async () => {
    const store = createInventoryStore(client, { products: 'products', inventory: 'inventory' }, effects);
    dynamo.on(TransactWriteCommand).resolves({});
    const lines = Array.from({ length: 50 }, (_, index) => ({ productId: `p${index}`, quantity: 1 }));
    await store.hold('order-1', lines, new Date(0));
    await store.commit('order-1', lines, new Date(0));
    const sizes = dynamo
      .commandCalls(TransactWriteCommand)
      .map((call) => call.args[0].input.TransactItems?.length);
    expect(sizes).toEqual([100, 100]);
    const tooMany = [...lines, { productId: 'p50', quantity: 1 }];
    await expect(store.hold('order-1', tooMany, new Date(0))).rejects.toThrow(RangeError);
  });
});
