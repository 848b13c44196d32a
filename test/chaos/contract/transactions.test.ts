import { GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TransactItem } from '../../../shared/adapters/dynamodb/transact.ts';
import type { TestDynamo } from '../../support/dynamo.ts';
import { backends, outcome } from './backends.ts';

const invalid = { refused: 'ValidationException' };
const fine = { Code: 'None' };
const refused = { Code: 'ConditionalCheckFailed' };
const cancelled = (...reasons: object[]) => ({ refused: 'TransactionCanceledException', reasons });

describe.each(backends)('transactions in $name', ({ start, isReference }) => {
  let dynamo: TestDynamo;
  let TableName: string;
  let run = 0;
  beforeAll(async () => {
    dynamo = await start();
    TableName = dynamo.table('insights');
  });
  afterAll(() => dynamo?.stop());
  beforeEach(() => {
    run += 1;
  });

  const key = (sk: string) => ({ pk: `transaction ${run}`, sk });
  const transact = (TransactItems: TransactItem[], ClientRequestToken?: string) =>
    outcome(
      dynamo.client.send(
        new TransactWriteCommand({ TransactItems, ...(ClientRequestToken ? { ClientRequestToken } : {}) }),
      ),
    );
  const stand = (sk: string, attributes: object) =>
    dynamo.client.send(new PutCommand({ TableName, Item: { ...key(sk), ...attributes } }));
  const find = async (sk: string) =>
    (await dynamo.client.send(new GetCommand({ TableName, Key: key(sk), ConsistentRead: true }))).Item;

  const put = (sk: string, more: object = {}): TransactItem => ({
    Put: { TableName, Item: { ...key(sk), a: 1 }, ...more },
  });
  const ifNew = { ConditionExpression: 'attribute_not_exists(pk)' };
  const ifThere = { ConditionExpression: 'attribute_exists(pk)' };
  const telling = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
  const add = (sk: string, more: object = {}): TransactItem => ({
    Update: {
      TableName,
      Key: key(sk),
      UpdateExpression: 'SET a = a + :one',
      ExpressionAttributeValues: { ':one': 1 },
      ...more,
    },
  });
  const remove = (sk: string, more: object = {}): TransactItem => ({
    Delete: { TableName, Key: key(sk), ...more },
  });
  const check = (sk: string, more: { ConditionExpression: string }): TransactItem => ({
    ConditionCheck: { TableName, Key: key(sk), ...more },
  });

  test('all four actions are done together', async () => {
    await stand('updated', { a: 1 });
    await stand('deleted', { a: 1 });
    await stand('checked', { a: 1 });
    expect(
      await transact([put('put'), add('updated'), remove('deleted'), check('checked', ifThere)]),
    ).toEqual({});
    expect(await find('put')).toEqual({ ...key('put'), a: 1 });
    expect(await find('updated')).toEqual({ ...key('updated'), a: 2 });
    expect(await find('deleted')).toBeUndefined();
    expect(await find('checked')).toEqual({ ...key('checked'), a: 1 });
  });

  test('one false condition, and nothing is done; the reasons stand in the order of the actions', async () => {
    await stand('there', { a: 7 });
    expect(await transact([put('new'), add('there'), put('there 2', ifThere), remove('there 3')])).toEqual(
      cancelled(fine, fine, refused, fine),
    );
    expect(await find('new')).toBeUndefined();
    expect(await find('there')).toEqual({ ...key('there'), a: 7 });
  });

  test('every false condition is told, with the item where it was asked for and is there', async () => {
    await stand('there', { a: 7, words: new Set(['x']) });
    const there = { ...key('there'), a: 7, words: new Set(['x']) };
    await stand('quiet', { a: 8 });
    expect(
      await transact([
        put('there', { ...ifNew, ...telling }),
        put('quiet', ifNew),
        add('absent', { ...ifThere, ...telling }),
        remove('absent 2', { ...ifThere, ...telling }),
        check('absent 3', { ...ifThere, ...telling }),
        put('fine'),
      ]),
    ).toEqual(cancelled({ ...refused, Item: there }, refused, refused, refused, refused, fine));
  });

  test('an update that does not suit the item cancels, too', async () => {
    await stand('text', { a: 'x' });
    expect(await transact([put('new'), add('text')])).toEqual(cancelled(fine, { Code: 'ValidationError' }));
    expect(await transact([add('absent'), put('text', ifNew)])).toEqual(
      cancelled({ Code: 'ValidationError' }, refused),
    );
    expect(await find('new')).toBeUndefined();
  });

  test('conditions see the items as they were before the transaction', async () => {
    await stand('counter', { a: 1 });
    const onlyIfOne = { ConditionExpression: 'a = :one' };
    expect(await transact([add('counter', onlyIfOne), put('other')])).toEqual({});
    expect(await transact([put('third'), add('counter', onlyIfOne)])).toEqual(cancelled(fine, refused));
    expect(await find('counter')).toEqual({ ...key('counter'), a: 2 });
  });

  test.each(['put and put', 'put and check', 'update and delete'])('refuses %s of one item', async (pair) => {
    const actions = {
      'put and put': [put('same'), put('same')],
      'put and check': [put('same'), check('same', ifNew)],
      'update and delete': [add('same'), remove('same')],
    }[pair];
    expect(await transact([put('other'), ...(actions ?? [])])).toEqual(invalid);
    expect(await find('other')).toBeUndefined();
  });

  test('takes 100 actions and no more', async () => {
    const actions = (count: number) => Array.from({ length: count }, (_, sk) => put(`many ${sk}`));
    expect(await transact(actions(101))).toEqual(invalid);
    expect(await find('many 0')).toBeUndefined();
    expect(await transact(actions(100))).toEqual({});
    expect(await find('many 99')).toBeDefined();
  });

  test('refuses what is no transaction', async () => {
    expect(await transact([])).toEqual(invalid);
    const nowhere = { Put: { TableName: 'nowhere', Item: { pk: 'x', sk: 'x' } } };
    expect(await transact([put('x'), nowhere])).toEqual({ refused: 'ResourceNotFoundException' });
    expect(await find('x')).toBeUndefined();
  });

  // AWS's list of cancellation reasons has none of these; the engine under test cancels for them.
  test.skipIf(isReference)('refuses expressions that are none', async () => {
    const unused = { ...ifNew, ExpressionAttributeValues: { ':unused': 1 } };
    for (const action of [
      put('x', { ConditionExpression: 'a ==' }),
      put('x', unused),
      add('x', { UpdateExpression: 'SET pk = :one' }),
    ]) {
      expect(await transact([put('y'), action])).toEqual(invalid);
    }
    expect(await find('y')).toBeUndefined();
  });

  test('a key that does not fit the table is a reason', async () => {
    const misfit = { Put: { TableName, Item: { pk: 'x', sk: 5 } } };
    expect(await transact([put('x'), misfit])).toEqual(cancelled(fine, { Code: 'ValidationError' }));
  });

  test('a token makes a repetition harmless, and is refused for anything else', async () => {
    await stand('counter', { a: 1 });
    const token = `token ${run} of ${dynamo.table('insights')}`.slice(0, 36);
    expect(await transact([add('counter')], token)).toEqual({});
    expect(await transact([add('counter')], token)).toEqual({});
    expect(await find('counter')).toEqual({ ...key('counter'), a: 2 });
    expect(await transact([add('counter'), put('more')], token)).toEqual({
      refused: 'IdempotentParameterMismatchException',
    });
  });

  test('a token of a cancelled transaction may be used again once the way is free', async () => {
    await stand('way', { a: 1 });
    const token = `again ${run} of ${dynamo.table('insights')}`.slice(0, 36);
    const actions = () => [remove('absent'), put('way', ifNew)];
    expect(await transact(actions(), token)).toEqual(cancelled(fine, refused));
    expect(await transact([remove('way')])).toEqual({});
    expect(await transact(actions(), token)).toEqual({});
    expect(await find('way')).toBeDefined();
  });
});
