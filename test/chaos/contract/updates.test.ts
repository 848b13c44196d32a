import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestDynamo } from '../../support/dynamo.ts';
import { backends, outcome } from './backends.ts';

type Attributes = Record<string, unknown>;
interface Case {
  /** undefined: there is no item. */
  readonly before: Attributes | undefined;
  readonly text: string;
  readonly after: Attributes | 'invalid';
  readonly values?: Attributes;
  readonly names?: Record<string, string>;
  readonly onAwsAlone?: true;
}

const update = (
  before: Attributes | undefined,
  text: string,
  values: Attributes | undefined,
  after: Attributes | 'invalid',
  names?: Record<string, string>,
): Case => ({ before, text, after, ...(values ? { values } : {}), ...(names ? { names } : {}) });

/** As AWS's developer guide has it, and the engine under test has not. */
const asInTheGuide = (one: Case): Case => ({ ...one, onAwsAlone: true });

const a = { a: 1 };
const nested = { m: { x: 1, l: [1, 2, 3] } };
const set = (...members: (string | number)[]) => new Set(members as string[]);

const cases: readonly Case[] = [
  update(a, 'SET b = :v', { ':v': 'x' }, { a: 1, b: 'x' }),
  update(a, 'SET a = :v', { ':v': null }, { a: null }),
  update(a, 'SET #b = :v', { ':v': [] }, { a: 1, b: [] }, { '#b': 'b' }),
  update(undefined, 'SET b = :v', { ':v': 'x' }, { b: 'x' }),
  update(undefined, 'REMOVE b', undefined, {}),
  update(undefined, 'ADD b :v', { ':v': 3 }, { b: 3 }),
  update(a, 'SET b = a, a = :v', { ':v': 2 }, { a: 2, b: 1 }),
  update({ a: 1, b: 2 }, 'SET a = b, b = a', undefined, { a: 2, b: 1 }),
  update(a, 'SET a = a + :v', { ':v': 2 }, { a: 3 }),
  update(a, 'SET a = a - :v', { ':v': 2 }, { a: -1 }),
  update(a, 'SET b = :v - a', { ':v': 2 }, { a: 1, b: 1 }),
  update(a, 'SET b = a + a', undefined, { a: 1, b: 2 }),
  update(a, 'SET b = b + :v', { ':v': 2 }, 'invalid'),
  update(undefined, 'SET b = b + :v', { ':v': 2 }, 'invalid'),
  update({ a: 'x' }, 'SET a = a + :v', { ':v': 2 }, 'invalid'),
  update(a, 'SET a = a + :v', { ':v': 'x' }, 'invalid'),
  update(a, 'SET b = c', undefined, 'invalid'),
  update(a, 'SET b = if_not_exists(b, :v)', { ':v': 2 }, { a: 1, b: 2 }),
  update(a, 'SET a = if_not_exists(a, :v)', { ':v': 2 }, a),
  update(a, 'SET b = if_not_exists(b, :z) + :v', { ':z': 0, ':v': 2 }, { a: 1, b: 2 }),
  update(a, 'SET b = if_not_exists(b, a)', undefined, { a: 1, b: 1 }),
  update({ l: [1] }, 'SET l = list_append(l, :v)', { ':v': [2] }, { l: [1, 2] }),
  update({ l: [1] }, 'SET l = list_append(:v, l)', { ':v': [2] }, { l: [2, 1] }),
  update(a, 'SET l = list_append(if_not_exists(l, :e), :v)', { ':e': [], ':v': [2] }, { a: 1, l: [2] }),
  update(a, 'SET l = list_append(a, :v)', { ':v': [2] }, 'invalid'),
  update(a, 'SET l = list_append(l, :v)', { ':v': [2] }, 'invalid'),
  update(nested, 'SET m.x = :v', { ':v': 2 }, { m: { x: 2, l: [1, 2, 3] } }),
  update(nested, 'SET m.y = :v', { ':v': 2 }, { m: { x: 1, y: 2, l: [1, 2, 3] } }),
  update(nested, 'SET m.l[1] = :v', { ':v': 9 }, { m: { x: 1, l: [1, 9, 3] } }),
  asInTheGuide(update(nested, 'SET m.l[7] = :v', { ':v': 9 }, { m: { x: 1, l: [1, 2, 3, 9] } })),
  asInTheGuide(
    update(nested, 'SET m.l[9] = :v, m.l[7] = :w', { ':v': 9, ':w': 8 }, { m: { x: 1, l: [1, 2, 3, 8, 9] } }),
  ),
  update(a, 'SET m.x = :v', { ':v': 2 }, 'invalid'),
  update(nested, 'SET m.y.z = :v', { ':v': 2 }, 'invalid'),
  update(nested, 'SET m[0] = :v', { ':v': 2 }, 'invalid'),
  update(nested, 'REMOVE m.x', undefined, { m: { l: [1, 2, 3] } }),
  asInTheGuide(update(nested, 'REMOVE m.l[0], m.l[2]', undefined, { m: { x: 1, l: [2] } })),
  update(nested, 'REMOVE m.l[0] SET m.x = :v', { ':v': 5 }, { m: { x: 5, l: [2, 3] } }),
  update(nested, 'SET m.l[1] = :v REMOVE m.l[0]', { ':v': 5 }, { m: { x: 1, l: [5, 3] } }),
  update(nested, 'REMOVE m.y', undefined, nested),
  update(nested, 'REMOVE m', undefined, {}),
  update(a, 'REMOVE b', undefined, a),
  update(a, 'ADD a :v', { ':v': 2 }, { a: 3 }),
  update(a, 'ADD a :v', { ':v': -1 }, { a: 0 }),
  update(a, 'ADD b :v, a :v', { ':v': 2 }, { a: 3, b: 2 }),
  update({ a: 'x' }, 'ADD a :v', { ':v': 2 }, 'invalid'),
  update(a, 'ADD b :v', { ':v': 'x' }, 'invalid'),
  update({ s: set('a') }, 'ADD s :v', { ':v': set('a', 'b') }, { s: set('a', 'b') }),
  update({ s: set(1) }, 'ADD s :v', { ':v': set(2) }, { s: set(1, 2) }),
  update(a, 'ADD s :v', { ':v': set('a') }, { a: 1, s: set('a') }),
  update({ s: set('a') }, 'ADD s :v', { ':v': set(1) }, 'invalid'),
  update({ s: set('a', 'b') }, 'DELETE s :v', { ':v': set('a', 'z') }, { s: set('b') }),
  update({ s: set('a') }, 'DELETE s :v', { ':v': set('a') }, {}),
  update(a, 'DELETE s :v', { ':v': set('a') }, a),
  update(a, 'DELETE a :v', { ':v': set('a') }, 'invalid'),
  update(a, 'DELETE a :v', { ':v': 1 }, 'invalid'),
  update(
    { a: 1, r: 1, d: set('a', 'b') },
    'ADD a :one SET s = :s DELETE d :d REMOVE r',
    { ':one': 1, ':s': 's', ':d': set('b') },
    { a: 2, s: 's', d: set('a') },
  ),
  update(a, 'set a = :v remove b', { ':v': 2 }, { a: 2 }),
  update(a, 'SET a = :v, a = :w', { ':v': 1, ':w': 2 }, 'invalid'),
  update(nested, 'SET m = :v, m.x = :v', { ':v': 1 }, 'invalid'),
  update(a, 'SET a = :v REMOVE a', { ':v': 1 }, 'invalid'),
  update(a, 'SET a = :v SET b = :v', { ':v': 1 }, 'invalid'),
  update(a, 'SET pk = :v', { ':v': 'x' }, 'invalid'),
  update(a, 'REMOVE sk', undefined, 'invalid'),
  update(a, 'SET status = :v', { ':v': 'x' }, 'invalid'),
  update(a, 'SET a = :v', { ':v': 1, ':unused': 1 }, 'invalid'),
  update(a, 'SET a = :v', { ':v': 1 }, 'invalid', { '#unused': 'x' }),
  update(a, 'SET a = :v', undefined, 'invalid'),
  update(a, 'SET a = :v', { ':v': undefined }, 'invalid'),
  update(a, 'SET #x = :v', { ':v': 1 }, 'invalid'),
  update(a, 'SET a', undefined, 'invalid'),
  update(a, 'a = :v', { ':v': 1 }, 'invalid'),
  update(a, 'SET a = :v,', { ':v': 1 }, 'invalid'),
  update(a, 'SET a = least(a, :v)', { ':v': 1 }, 'invalid'),
  update(a, '', undefined, 'invalid'),
  update(a, 'SET score = :v', { ':v': 7 }, { a: 1, score: 7 }),
  update(a, 'SET score = :v', { ':v': '7' }, 'invalid'),
  update(a, 'SET score = :v', { ':v': null }, 'invalid'),
  update({ score: 3 }, 'REMOVE score', undefined, {}),
];

describe.each(backends)('updates in $name', ({ start, isReference }) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await start();
  });
  afterAll(() => dynamo?.stop());

  const applicable = cases.filter(({ onAwsAlone }) => !(isReference && onAwsAlone));
  test.each(applicable.map((one, index) => ({ ...one, index })))(
    '«$text» of $values turns $before into $after (case $index)',
    async ({ before, text, values, names, after, index }) => {
      const Key = { pk: `update ${index}`, sk: 'it' };
      const TableName = dynamo.table('insights');
      if (before) await dynamo.client.send(new PutCommand({ TableName, Item: { ...Key, ...before } }));
      const answer = await outcome(
        dynamo.client.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: text,
            ...(names ? { ExpressionAttributeNames: names } : {}),
            ...(values ? { ExpressionAttributeValues: values } : {}),
            ReturnValues: 'ALL_NEW',
          }),
        ),
      );
      const { Item } = await dynamo.client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      if (after === 'invalid') {
        expect(answer).toEqual({ refused: 'ValidationException' });
        expect(Item).toEqual(before && { ...Key, ...before });
      } else {
        expect(answer).toEqual({ Attributes: { ...Key, ...after } });
        expect(Item).toEqual({ ...Key, ...after });
      }
    },
  );

  const former = { a: 1, b: 2, m: { x: 1, y: 2 } };
  test.each([
    { ReturnValues: 'NONE', whole: false, gives: undefined },
    { ReturnValues: 'ALL_OLD', whole: true, gives: former },
    { ReturnValues: 'ALL_NEW', whole: true, gives: { a: 5, m: { x: 6, y: 2 }, c: 1 } },
    { ReturnValues: 'UPDATED_OLD', whole: false, gives: { a: 1, b: 2, m: { x: 1 } } },
    { ReturnValues: 'UPDATED_NEW', whole: false, gives: { a: 5, m: { x: 6 }, c: 1 } },
  ] as const)('$ReturnValues of an update gives $gives', async ({ ReturnValues, whole, gives }) => {
    const Key = { pk: `returns ${ReturnValues}`, sk: 'it' };
    const TableName = dynamo.table('insights');
    await dynamo.client.send(new PutCommand({ TableName, Item: { ...Key, ...former } }));
    const answer = await outcome(
      dynamo.client.send(
        new UpdateCommand({
          TableName,
          Key,
          UpdateExpression: 'SET a = :a, m.x = :x REMOVE b ADD c :c',
          ExpressionAttributeValues: { ':a': 5, ':x': 6, ':c': 1 },
          ReturnValues,
        }),
      ),
    );
    expect(answer).toEqual(gives ? { Attributes: { ...(whole ? Key : {}), ...gives } } : {});
  });

  test('an update that says nothing makes the item', async () => {
    const TableName = dynamo.table('insights');
    const Key = { pk: 'nothing said', sk: 'it' };
    const said = dynamo.client.send(new UpdateCommand({ TableName, Key, ReturnValues: 'ALL_NEW' }));
    expect(await outcome(said)).toEqual({ Attributes: Key });
  });

  // The engine under test answers with the key.
  test.skipIf(isReference)('ALL_OLD of an item that was not there is nothing', async () => {
    const TableName = dynamo.table('insights');
    const Key = { pk: 'not there', sk: 'it' };
    const said = dynamo.client.send(new UpdateCommand({ TableName, Key, ReturnValues: 'ALL_OLD' }));
    expect(await outcome(said)).toEqual({});
  });
});
