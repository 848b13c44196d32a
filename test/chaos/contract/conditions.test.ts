import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestDynamo } from '../../support/dynamo.ts';
import { backends, outcome } from './backends.ts';

type Verdict = 'holds' | 'does not' | 'invalid';
interface Case {
  readonly text: string;
  readonly holds: Verdict;
  readonly names?: Record<string, string>;
  readonly values?: Record<string, unknown>;
  readonly onAwsAlone?: true;
}

const item = {
  title: 'storefront',
  count: 5,
  nil: null,
  yes: true,
  empty: '',
  list: ['a', 1, { deep: 'x' }],
  map: { inner: { leaf: 7 }, 'with-dash': 1 },
  words: new Set(['a', 'b']),
  numbers: new Set([1, 2]),
  bytes: new Uint8Array([1, 2, 3]),
};

const is = (text: string, holds: Verdict, values?: Case['values'], names?: Case['names']): Case => ({
  text,
  holds,
  ...(values ? { values } : {}),
  ...(names ? { names } : {}),
});
/** AWS refuses it whatever the item; the engine under test looks at the item first, so this one is AWS's word alone. */
const refusedByAws = (text: string, values: Case['values'], names?: Case['names']): Case => ({
  ...is(text, 'invalid', values, names),
  onAwsAlone: true,
});
const count = { '#count': 'count' };
const list = { '#list': 'list' };

const cases: readonly Case[] = [
  is('title = :v', 'holds', { ':v': 'storefront' }),
  is('title = :v', 'does not', { ':v': 'Storefront' }),
  is('title <> :v', 'holds', { ':v': 'x' }),
  is('#count = :v', 'does not', { ':v': '5' }, count),
  is('#count <> :v', 'holds', { ':v': '5' }, count),
  is('#count < :v', 'holds', { ':v': 6 }, count),
  is('#count <= :v', 'holds', { ':v': 5 }, count),
  is('#count > :v', 'does not', { ':v': 5 }, count),
  is('#count >= :v', 'holds', { ':v': 5 }, count),
  is('#count < :v', 'does not', { ':v': 'x' }, count),
  is('title < :v', 'holds', { ':v': 'storefrount' }),
  is('nil = :v', 'holds', { ':v': null }),
  is('yes = :v', 'holds', { ':v': true }),
  is('yes = :v', 'does not', { ':v': false }),
  refusedByAws('yes < :v', { ':v': true }),
  is('absent = :v', 'does not', { ':v': 1 }),
  is('absent <> :v', 'holds', { ':v': 1 }),
  is('absent < :v', 'does not', { ':v': 1 }),
  is('NOT absent < :v', 'holds', { ':v': 1 }),
  is('#map.#inner.leaf = :v', 'holds', { ':v': 7 }, { '#inner': 'inner', '#map': 'map' }),
  is('#map.#dashed = :v', 'holds', { ':v': 1 }, { '#dashed': 'with-dash', '#map': 'map' }),
  is('#list[1] = :v', 'holds', { ':v': 1 }, list),
  is('#list[2].deep = :v', 'holds', { ':v': 'x' }, list),
  is('#list[9] = :v', 'does not', { ':v': 1 }, list),
  is('title[0] = :v', 'does not', { ':v': 's' }),
  is('#list = :v', 'holds', { ':v': ['a', 1, { deep: 'x' }] }, list),
  is('#list = :v', 'does not', { ':v': ['a', { deep: 'x' }, 1] }, list),
  is('#map = :v', 'holds', { ':v': { 'with-dash': 1, inner: { leaf: 7 } } }, { '#map': 'map' }),
  is('words = :v', 'holds', { ':v': new Set(['b', 'a']) }),
  is('words = :v', 'does not', { ':v': ['a', 'b'] }),
  is('#bytes = :v', 'holds', { ':v': new Uint8Array([1, 2, 3]) }, { '#bytes': 'bytes' }),
  is('#count BETWEEN :a AND :b', 'holds', { ':a': 5, ':b': 9 }, count),
  is('#count BETWEEN :a AND :b', 'does not', { ':a': 6, ':b': 9 }, count),
  refusedByAws('#count BETWEEN :a AND :b', { ':a': 9, ':b': 5 }, count),
  refusedByAws('#count BETWEEN :a AND :b', { ':a': 1, ':b': 'x' }, count),
  is(':v BETWEEN #count AND big', 'holds', { ':v': 6 }, count),
  is('title IN (:a, :b)', 'holds', { ':a': 'x', ':b': 'storefront' }),
  is('title IN (:a)', 'does not', { ':a': 'x' }),
  is('absent IN (:a)', 'does not', { ':a': 'x' }),
  is('attribute_exists(nil)', 'holds'),
  is('attribute_exists(absent)', 'does not'),
  is('attribute_exists(#list[2].deep)', 'holds', undefined, list),
  is('attribute_not_exists(absent)', 'holds'),
  is('attribute_not_exists(#map.#inner)', 'does not', undefined, { '#map': 'map', '#inner': 'inner' }),
  is('attribute_type(title, :t)', 'holds', { ':t': 'S' }),
  is('attribute_type(words, :t)', 'holds', { ':t': 'SS' }),
  is('attribute_type(numbers, :t)', 'holds', { ':t': 'NS' }),
  is('attribute_type(nil, :t)', 'holds', { ':t': 'NULL' }),
  is('attribute_type(yes, :t)', 'holds', { ':t': 'BOOL' }),
  is('attribute_type(absent, :t)', 'does not', { ':t': 'S' }),
  refusedByAws('attribute_type(title, :t)', { ':t': 'STRING' }),
  is('begins_with(title, :v)', 'holds', { ':v': 'store' }),
  is('begins_with(title, :v)', 'does not', { ':v': 'front' }),
  is('begins_with(#count, :v)', 'does not', { ':v': '5' }, count),
  is('begins_with(title, :v)', 'invalid', { ':v': 5 }),
  is('contains(title, :v)', 'holds', { ':v': 'ref' }),
  is('contains(words, :v)', 'holds', { ':v': 'b' }),
  is('contains(words, :v)', 'does not', { ':v': 1 }),
  is('contains(numbers, :v)', 'holds', { ':v': 2 }),
  is('contains(#list, :v)', 'holds', { ':v': 1 }, list),
  is('contains(#list, :v)', 'holds', { ':v': { deep: 'x' } }, list),
  is('contains(#count, :v)', 'does not', { ':v': 5 }, count),
  is('contains(absent, :v)', 'does not', { ':v': 5 }),
  is('size(title) = :v', 'holds', { ':v': 10 }),
  is('size(#list) >= :v', 'holds', { ':v': 3 }, list),
  is('size(words) = :v', 'holds', { ':v': 2 }),
  is('size(#map) = :v', 'holds', { ':v': 2 }, { '#map': 'map' }),
  is('size(#bytes) = :v', 'holds', { ':v': 3 }, { '#bytes': 'bytes' }),
  is('size(empty) = :v', 'invalid', { ':v': 0 }),
  is('size(#empty) = :v', 'holds', { ':v': 0 }, { '#empty': 'empty' }),
  is('size(absent) = :v', 'does not', { ':v': 0 }),
  is('title = :a AND #count = :b', 'holds', { ':a': 'storefront', ':b': 5 }, count),
  is('title = :a AND #count = :b', 'does not', { ':a': 'storefront', ':b': 6 }, count),
  is('title = :a OR #count = :b AND yes = :c', 'holds', { ':a': 'storefront', ':b': 6, ':c': false }, count),
  is(
    '(title = :a OR #count = :b) AND yes = :c',
    'does not',
    { ':a': 'storefront', ':b': 6, ':c': false },
    count,
  ),
  is('NOT title = :a AND #count = :b', 'does not', { ':a': 'storefront', ':b': 5 }, count),
  is('NOT (title = :a AND #count = :b)', 'holds', { ':a': 'storefront', ':b': 6 }, count),
  is('not title = :a or attribute_exists(nil)', 'holds', { ':a': 'storefront' }),
  is('#a = #b', 'does not', undefined, { '#a': 'title', '#b': 'count' }),
  is('#a <= #b', 'holds', undefined, { '#a': 'count', '#b': 'big' }),
  is('  title=:v  ', 'holds', { ':v': 'storefront' }),
  is('status = :v', 'invalid', { ':v': 'x' }),
  is('title = :v', 'invalid'),
  is('title = :v', 'invalid', { ':v': 'storefront', ':unused': 1 }),
  is('title = :v', 'invalid', { ':v': 'storefront' }, { '#unused': 'x' }),
  is('#gone = :v', 'invalid', { ':v': 'x' }),
  is('title = ', 'invalid'),
  is('title == :v', 'invalid', { ':v': 'x' }),
  is('title = :v AND', 'invalid', { ':v': 'x' }),
  is('(title = :v', 'invalid', { ':v': 'x' }),
  is('title = :v)', 'invalid', { ':v': 'x' }),
  is('exists(title)', 'invalid'),
  is('title', 'invalid'),
  is('', 'invalid'),
  refusedByAws('title = :v', { ':v': 'x', ':unused': 1 }),
  refusedByAws('title = :v', { ':v': 'x' }, { '#unused': 'x' }),
  is('title = "storefront"', 'invalid'),
];

describe.each(backends)('conditions in $name', ({ start, isReference }) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await start();
  });
  afterAll(() => dynamo?.stop());

  const applicable = cases.filter(({ onAwsAlone }) => !(isReference && onAwsAlone));
  test.each(applicable.map((one, index) => ({ ...one, index })))(
    '«$text» of $values $holds (case $index)',
    async ({ text, holds, names, values, index }) => {
      const standing = { pk: `condition ${index}`, sk: 'it', big: 100, ...item };
      const TableName = dynamo.table('insights');
      const placeholders = {
        ...(names ? { ExpressionAttributeNames: names } : {}),
        ...(values ? { ExpressionAttributeValues: values } : {}),
      };
      await dynamo.client.send(new PutCommand({ TableName, Item: standing }));

      const asCondition = await outcome(
        dynamo.client.send(
          new PutCommand({
            TableName,
            Item: standing,
            ConditionExpression: text,
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            ...placeholders,
          }),
        ),
      );
      const refusal = { refused: 'ConditionalCheckFailedException', Item: standing };
      const invalid = { refused: 'ValidationException' };
      expect(asCondition).toEqual({ holds: {}, 'does not': refusal, invalid }[holds]);

      const asFilter = await outcome(
        dynamo.client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'pk = :pk',
            FilterExpression: text,
            ...placeholders,
            ExpressionAttributeValues: { ...values, ':pk': standing.pk },
            Select: 'COUNT',
          }),
        ),
      );
      const counted = (Count: number) => ({ Count, ScannedCount: 1 });
      expect(asFilter).toEqual({ holds: counted(1), 'does not': counted(0), invalid }[holds]);
    },
  );

  test('of an item that is not there every attribute is missing', async () => {
    const put = (ConditionExpression: string, pk: string) =>
      outcome(
        dynamo.client.send(
          new PutCommand({
            TableName: dynamo.table('insights'),
            Item: { pk, sk: 'it' },
            ConditionExpression,
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
    expect(await put('attribute_exists(pk)', 'absent')).toEqual({
      refused: 'ConditionalCheckFailedException',
    });
    expect(await put('attribute_not_exists(pk)', 'absent')).toEqual({});
    expect(await put('attribute_not_exists(pk)', 'absent')).toEqual({
      refused: 'ConditionalCheckFailedException',
      Item: { pk: 'absent', sk: 'it' },
    });
  });
});
