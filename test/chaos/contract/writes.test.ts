import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  TransactGetCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestDynamo } from '../../support/dynamo.ts';
import { backends, outcome } from './backends.ts';

const invalid = { refused: 'ValidationException' };

describe.each(backends)('reads and writes in $name', ({ start }) => {
  let dynamo: TestDynamo;
  let TableName: string;
  beforeAll(async () => {
    dynamo = await start();
    TableName = dynamo.table('insights');
  });
  afterAll(() => dynamo?.stop());
  const put = (Item: Record<string, unknown>, more: object = {}) =>
    outcome(dynamo.client.send(new PutCommand({ TableName, Item, ...more })));
  const get = (Key: Record<string, unknown>, more: object = {}) =>
    outcome(dynamo.client.send(new GetCommand({ TableName, Key, ConsistentRead: true, ...more })));

  test('keeps every type of value, drops what is undefined and gives copies', async () => {
    const sent = {
      pk: 'values',
      sk: 'it',
      text: 'ä€😀',
      empty: '',
      whole: 12,
      fraction: 0.1,
      small: -1e-7,
      great: Number.MAX_SAFE_INTEGER,
      yes: true,
      nothing: null,
      list: [1, [2, { deep: [] }], null],
      map: {},
      texts: new Set(['a', 'b']),
      numbers: new Set([1, 2.5]),
      bytes: new Uint8Array([0, 255]),
    };
    const mutable = { ...sent, gone: undefined, list: [...sent.list, undefined], map: { gone: undefined } };
    expect(await put(mutable)).toEqual({});
    mutable.list.push(7);
    const first = await get({ pk: 'values', sk: 'it' });
    expect(first).toEqual({ Item: sent });
    Object.assign(first, { Item: Object.assign((first as { Item: object }).Item, { yes: false }) });
    expect(await get({ pk: 'values', sk: 'it' })).toEqual({ Item: sent });
  });

  test.each([
    [{ amount: Number.NaN }],
    [{ amount: Number.POSITIVE_INFINITY }],
    [{ amount: 2 ** 53 }],
    [{ none: new Set() }],
    [{ date: new Date(0) }],
  ])('the client refuses to send %o', async (attributes) => {
    await expect(put({ pk: 'unsendable', sk: 'it', ...attributes })).rejects.toThrow();
  });

  test.each([
    ['no sort key', { pk: 'x' }],
    ['no partition key', { sk: 'x' }],
    ['a number for a text', { pk: 'x', sk: 1 }],
    ['an empty key', { pk: '', sk: 'x' }],
    ['null as a key', { pk: 'x', sk: null }],
    ["a text for an index's number", { pk: 'x', sk: 'x', score: '5' }],
    ["null for an index's number", { pk: 'x', sk: 'x', score: null }],
    ['more than 400 KB', { pk: 'x', sk: 'x', much: 'x'.repeat(410_000) }],
  ])('an item with %s is refused', async (_, item) => {
    expect(await put(item)).toEqual(invalid);
  });

  test.each([
    ['a part of the key', { pk: 'x' }],
    ['more than the key', { pk: 'x', sk: 'x', more: 'x' }],
    ['another name', { pk: 'x', key: 'x' }],
    ['a number for a text', { pk: 'x', sk: 1 }],
    ['an empty text', { pk: 'x', sk: '' }],
  ])('a get with %s is refused', async (_, Key) => {
    expect(await get(Key)).toEqual(invalid);
  });

  test('a get of nothing answers nothing; of a table that is not there, that', async () => {
    expect(await get({ pk: 'nothing', sk: 'it' })).toEqual({});
    const nowhere = new GetCommand({ TableName: 'nowhere', Key: { pk: 'x', sk: 'x' } });
    expect(await outcome(dynamo.client.send(nowhere))).toEqual({ refused: 'ResourceNotFoundException' });
  });

  test('a projection gives the parts that are there', async () => {
    const Key = { pk: 'projection', sk: 'it' };
    await put({ ...Key, a: 1, b: { c: 2, d: 3 }, e: [1, 2, 3], count: 4 });
    const parts = (ProjectionExpression: string, names?: Record<string, string>) =>
      get(Key, { ProjectionExpression, ...(names ? { ExpressionAttributeNames: names } : {}) });
    expect(await parts('a, b.c')).toEqual({ Item: { a: 1, b: { c: 2 } } });
    expect(await parts('e[2], e[0]')).toEqual({ Item: { e: [1, 3] } });
    expect(await parts('#n, absent', { '#n': 'count' })).toEqual({ Item: { count: 4 } });
    expect(await parts('count')).toEqual(invalid);
    expect(await parts('a', { '#n': 'count' })).toEqual(invalid);
  });

  test('a put replaces the whole item, and gives the former one on request', async () => {
    const Key = { pk: 'replaced', sk: 'it' };
    expect(await put({ ...Key, a: 1 }, { ReturnValues: 'ALL_OLD' })).toEqual({});
    expect(await put({ ...Key, b: 2 }, { ReturnValues: 'ALL_OLD' })).toEqual({
      Attributes: { ...Key, a: 1 },
    });
    expect(await get(Key)).toEqual({ Item: { ...Key, b: 2 } });
    expect(await put(Key, { ReturnValues: 'ALL_NEW' })).toEqual(invalid);
  });

  test('a delete is content with nothing, and its condition is not', async () => {
    const Key = { pk: 'deleted', sk: 'it' };
    const remove = (more: object = {}) =>
      outcome(dynamo.client.send(new DeleteCommand({ TableName, Key, ...more })));
    expect(await remove()).toEqual({});
    const refused = { refused: 'ConditionalCheckFailedException' };
    expect(await remove({ ConditionExpression: 'attribute_exists(pk)' })).toEqual(refused);
    await put({ ...Key, a: 1 });
    const unless = {
      ConditionExpression: 'a = :a',
      ExpressionAttributeValues: { ':a': 2 },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
    expect(await remove(unless)).toEqual({ ...refused, Item: { ...Key, a: 1 } });
    expect(await remove({ ReturnValues: 'ALL_OLD' })).toEqual({ Attributes: { ...Key, a: 1 } });
    expect(await get(Key)).toEqual({});
  });

  test('placeholders without an expression are refused', async () => {
    expect(await put({ pk: 'x', sk: 'x' }, { ExpressionAttributeNames: { '#a': 'a' } })).toEqual(invalid);
    expect(await put({ pk: 'x', sk: 'x' }, { ExpressionAttributeValues: { ':a': 'a' } })).toEqual(invalid);
  });

  test('a batch reads what is there of several tables, and no key twice', async () => {
    const others = dynamo.table('idempotency');
    await put({ pk: 'batch', sk: '1', a: 1 });
    await dynamo.client.send(new PutCommand({ TableName: others, Item: { pk: 'batch', a: 2 } }));
    const read = (RequestItems: Record<string, { Keys: Record<string, unknown>[] }>) =>
      outcome(dynamo.client.send(new BatchGetCommand({ RequestItems })));
    const Keys = [
      { pk: 'batch', sk: '1' },
      { pk: 'batch', sk: 'absent' },
    ];
    expect(await read({ [TableName]: { Keys }, [others]: { Keys: [{ pk: 'batch' }] } })).toEqual({
      Responses: { [TableName]: [{ pk: 'batch', sk: '1', a: 1 }], [others]: [{ pk: 'batch', a: 2 }] },
    });
    expect(await read({ [TableName]: { Keys: [...Keys, ...Keys] } })).toEqual(invalid);
    expect(await read({ [TableName]: { Keys: [] } })).toEqual(invalid);
    const many = Array.from({ length: 101 }, (_, sk) => ({ pk: 'batch', sk: `${sk}` }));
    expect(await read({ [TableName]: { Keys: many } })).toEqual(invalid);
  });

  test('a batch writes puts and deletes, 25 of them at most', async () => {
    const write = (requests: Record<string, unknown>[]) =>
      outcome(
        dynamo.client.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests as never[] } })),
      );
    const putOf = (sk: number) => ({ PutRequest: { Item: { pk: 'batch of writes', sk: `${sk}` } } });
    expect(await write([putOf(1), putOf(2)])).toEqual({});
    const deletion = { DeleteRequest: { Key: { pk: 'batch of writes', sk: '1' } } };
    expect(await write([deletion, putOf(3)])).toEqual({});
    expect(await get({ pk: 'batch of writes', sk: '1' })).toEqual({});
    expect(await get({ pk: 'batch of writes', sk: '3' })).not.toEqual({});
    expect(await write([putOf(4), putOf(4)])).toEqual(invalid);
    expect(await write(Array.from({ length: 26 }, (_, sk) => putOf(sk)))).toEqual(invalid);
  });

  test('a transaction reads in the order in which it was asked', async () => {
    await put({ pk: 'read together', sk: '1', a: 1 });
    await put({ pk: 'read together', sk: '2', a: 2 });
    const read = (...sorts: string[]) =>
      outcome(
        dynamo.client.send(
          new TransactGetCommand({
            TransactItems: sorts.map((sk) => ({ Get: { TableName, Key: { pk: 'read together', sk } } })),
          }),
        ),
      );
    const [one, two] = [1, 2].map((a) => ({ Item: { pk: 'read together', sk: `${a}`, a } }));
    expect(await read('2', 'absent', '1')).toEqual({ Responses: [two, {}, one] });
    expect(await read('1', '1')).toEqual(invalid);
  });
});
