/**
 * How long a call of the in-memory DynamoDB takes. Run with `node test/bench/memory-dynamo.ts`.
 */
import { performance } from 'node:perf_hooks';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { createMemoryDynamo } from '../chaos/aws/memory-dynamo.ts';
import { tableProperties } from '../support/dynamo.ts';

const rounds = 20_000;
const dynamo = createMemoryDynamo([
  { name: 'Orders', properties: tableProperties('orders') },
  { name: 'Products', properties: tableProperties('products') },
]);

const orderId = (round: number) => `01J${String(round).padStart(12, '0')}`;
const order = (round: number) => ({
  pk: `ORDER#${orderId(round)}`,
  sk: 'ORDER',
  orderId: orderId(round),
  userId: `user-${round % 500}`,
  status: 'Pending',
  createdMonth: '2026-01',
  version: 1,
  items: [1, 2, 3].map((line) => ({
    productId: `product-${line}`,
    name: 'A thing of which many are sold',
    quantity: line,
    unitPrice: { amount: 1999, currency: 'USD' },
    allocated: 0,
    status: 'pending',
  })),
  address: { label: 'home', line1: '1 Main Street', city: 'Springfield', zip: '12345', country: 'US' },
  timeline: [{ status: 'Pending', at: '2026-01-01T00:00:00.000Z', by: 'customer' }],
});

function measure(name: string, call: (round: number) => unknown): void {
  const start = performance.now();
  for (let round = 0; round < rounds; round += 1) call(round);
  const microseconds = ((performance.now() - start) * 1000) / rounds;
  console.log(`${name.padEnd(42)} ${microseconds.toFixed(1).padStart(6)} µs`);
}

for (let product = 0; product < 10; product += 1) {
  dynamo.send(
    new PutCommand({
      TableName: 'Products',
      Item: { productId: `product-${product}`, availableCount: 1e9, archived: false },
    }),
  );
}
const put = (round: number) =>
  dynamo.send(
    new PutCommand({
      TableName: 'Orders',
      Item: order(round),
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );
measure('PutItem of an order, with four indexes', put);
measure('GetItem of an order', (round) =>
  dynamo.send(new GetCommand({ TableName: 'Orders', Key: { pk: `ORDER#${orderId(round)}`, sk: 'ORDER' } })),
);
measure('UpdateItem of an order to another status', (round) =>
  dynamo.send(
    new UpdateCommand({
      TableName: 'Orders',
      Key: { pk: `ORDER#${orderId(round)}`, sk: 'ORDER' },
      UpdateExpression: 'SET #status = :paid, version = version + :one',
      ConditionExpression: 'version = :read',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':paid': 'Paid', ':one': 1, ':read': 1 },
    }),
  ),
);
measure('UpdateItem whose condition is false', (round) => {
  try {
    dynamo.send(
      new UpdateCommand({
        TableName: 'Orders',
        Key: { pk: `ORDER#${orderId(round)}`, sk: 'ORDER' },
        UpdateExpression: 'SET version = :read',
        ConditionExpression: 'version = :read',
        ExpressionAttributeValues: { ':read': 1 },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  } catch {
    return;
  }
});
measure("Query of a customer's newest orders", (round) =>
  dynamo.send(
    new QueryCommand({
      TableName: 'Orders',
      IndexName: 'byUser',
      KeyConditionExpression: 'userId = :user AND orderId < :before',
      ExpressionAttributeValues: { ':user': `user-${round % 500}`, ':before': orderId(10_000) },
      ScanIndexForward: false,
      Limit: 20,
    }),
  ),
);
measure('TransactWriteItems of two writes', (round) =>
  dynamo.send(
    new TransactWriteCommand({
      ClientRequestToken: `token-${round}`,
      TransactItems: [
        {
          Update: {
            TableName: 'Products',
            Key: { productId: `product-${round % 10}` },
            UpdateExpression: 'SET availableCount = availableCount - :quantity',
            ConditionExpression: 'availableCount >= :quantity AND archived = :no',
            ExpressionAttributeValues: { ':quantity': 1, ':no': false },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
        { Put: { TableName: 'Orders', Item: order(rounds + round) } },
      ],
    }),
  ),
);
