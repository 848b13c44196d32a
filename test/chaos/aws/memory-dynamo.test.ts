import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { tableProperties } from '../../support/dynamo.ts';
import { type Change, createMemoryDynamo } from './memory-dynamo.ts';

/** What the store of the simulation has beside DynamoDB's own behaviour, which the contract holds it to. */
const stream = { StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' } };
const tables = [
  { name: 'orders', properties: { ...tableProperties('orders'), ...stream } },
  { name: 'idempotency', properties: tableProperties('idempotency') },
];
const order = (status: string) => ({ pk: 'ORDER#1', sk: 'ORDER', orderId: '1', status });
const key = { pk: 'ORDER#1', sk: 'ORDER' };
const TableName = 'orders';

function watched() {
  const changes: Change[] = [];
  const clock = { now: 0 };
  const dynamo = createMemoryDynamo(tables, {
    now: () => clock.now,
    onChange: (change) => void changes.push(change),
  });
  return { dynamo, changes, clock };
}

describe('the stream of a table', () => {
  test('tells what came, what changed and what went, in order', () => {
    const { dynamo, changes } = watched();
    dynamo.send(new PutCommand({ TableName, Item: order('Pending') }));
    dynamo.send(new PutCommand({ TableName, Item: order('Paid') }));
    dynamo.send(new DeleteCommand({ TableName, Key: key }));
    expect(changes).toEqual([
      {
        table: TableName,
        keys: key,
        eventName: 'INSERT',
        oldImage: undefined,
        newImage: order('Pending'),
        sequence: 1,
      },
      {
        table: TableName,
        keys: key,
        eventName: 'MODIFY',
        oldImage: order('Pending'),
        newImage: order('Paid'),
        sequence: 2,
      },
      {
        table: TableName,
        keys: key,
        eventName: 'REMOVE',
        oldImage: order('Paid'),
        newImage: undefined,
        sequence: 3,
      },
    ]);
  });

  test('tells nothing of writes that change nothing, were refused, or are to tables without one', () => {
    const { dynamo, changes } = watched();
    dynamo.send(new PutCommand({ TableName, Item: order('Pending') }));
    dynamo.send(new PutCommand({ TableName, Item: order('Pending') }));
    dynamo.send(new DeleteCommand({ TableName, Key: { pk: 'absent', sk: 'ORDER' } }));
    dynamo.send(new PutCommand({ TableName: 'idempotency', Item: { pk: 'x' } }));
    const refused = { TableName, Item: order('Paid'), ConditionExpression: 'attribute_not_exists(pk)' };
    expect(() => dynamo.send(new PutCommand(refused))).toThrow('conditional');
    const other = { Put: { TableName, Item: { ...order('Paid'), pk: 'ORDER#2' } } };
    const transaction = new TransactWriteCommand({ TransactItems: [other, { Put: refused }] });
    expect(() => dynamo.send(transaction)).toThrow('cancelled');
    expect(changes).toHaveLength(1);
  });

  test('tells of a transaction once all of it is written', () => {
    const seen: number[] = [];
    const dynamo = createMemoryDynamo(tables, {
      onChange: () => void seen.push(dynamo.items(TableName).length),
    });
    const put = (pk: string) => ({ Put: { TableName, Item: { ...order('Pending'), pk } } });
    dynamo.send(new TransactWriteCommand({ TransactItems: [put('ORDER#1'), put('ORDER#2')] }));
    expect(seen).toEqual([2, 2]);
  });
});

describe('a snapshot', () => {
  test('brings tables, indexes, tokens and the count of changes back, as often as wanted', () => {
    const { dynamo, changes } = watched();
    dynamo.send(new PutCommand({ TableName, Item: order('Pending') }));
    const snapshot = dynamo.snapshot();
    const paid = new QueryCommand({
      TableName,
      IndexName: 'byStatus',
      KeyConditionExpression: '#status = :paid',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':paid': 'Paid' },
    });
    for (const token of ['one token', 'one token']) {
      const TransactItems = [{ Put: { TableName, Item: order('Paid') } }];
      dynamo.send(new TransactWriteCommand({ TransactItems, ClientRequestToken: token }));
      expect(dynamo.send(paid)).toMatchObject({ Count: 1 });
      expect(changes.at(-1)).toMatchObject({ sequence: 2, eventName: 'MODIFY' });
      dynamo.restore(snapshot);
      expect(dynamo.send(paid)).toMatchObject({ Count: 0 });
      expect(dynamo.peek(TableName, key)).toEqual(order('Pending'));
    }
  });

  test('belongs to its own store', () => {
    const { dynamo } = watched();
    expect(() => dynamo.restore(watched().dynamo.snapshot())).toThrow('another store');
  });
});

describe('time', () => {
  test('forgets the token of a transaction after ten minutes', () => {
    const { dynamo, clock } = watched();
    const count = () => {
      const Update = {
        TableName,
        Key: key,
        UpdateExpression: 'ADD version :one',
        ExpressionAttributeValues: { ':one': 1 },
      };
      dynamo.send(new TransactWriteCommand({ TransactItems: [{ Update }], ClientRequestToken: 'one token' }));
      return dynamo.peek(TableName, key)?.version;
    };
    expect([count(), count()]).toEqual([1, 1]);
    clock.now = 10 * 60_000;
    expect(count()).toBe(2);
  });

  test('deletes what has expired when it is told to, and not before', () => {
    const { dynamo } = watched();
    const put = (pk: string, expiresAt?: number) =>
      dynamo.send(new PutCommand({ TableName: 'idempotency', Item: { pk, expiresAt } }));
    put('old', 99);
    put('due', 100);
    put('ever');
    expect(dynamo.expire('idempotency', 'expiresAt', 100)).toBe(1);
    expect(dynamo.items('idempotency').map(({ pk }) => pk)).toEqual(['due', 'ever']);
  });
});

describe('what the store does not know, it refuses', () => {
  const { dynamo } = watched();
  test.each([
    ['a scan', new ScanCommand({ TableName })],
    ['commands of the plain client', new GetItemCommand({ TableName, Key: { pk: { S: 'x' } } })],
    ['members that it would not heed', new GetCommand({ TableName, Key: key, AttributesToGet: ['pk'] })],
    ['no command at all', {}],
  ])('%s', (_, command) => {
    expect(() => dynamo.send(command)).toThrow('The DynamoDB of this process does not know');
  });

  test('arithmetic that DynamoDB does in decimals', () => {
    const add = (by: number) =>
      new UpdateCommand({
        TableName,
        Key: key,
        UpdateExpression: 'ADD price :by',
        ExpressionAttributeValues: { ':by': by },
      });
    dynamo.send(add(1));
    expect(() => dynamo.send(add(0.1))).toThrow('does not know arithmetic');
  });
});
