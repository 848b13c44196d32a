import { afterAll, beforeAll, expect, test } from 'vitest';
import { items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop({ countDynamoDb: true });
});
afterAll(() => shop?.stop());

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

test('a checkout that goes well makes at most 20 DynamoDB calls and 14 state transitions', async () => {
  const customer = await shop.newCustomer();
  const productId = await shop.newProduct();
  const { counters } = shop.runtime;
  const before = {
    calls: counters.dynamoDbCalls(),
    units: counters.dynamoDbCapacity(),
    transitions: counters.transitions(),
  };
  const placed = await shop.place(customer, { items: items(productId) });
  const { orderId } = placed.json;
  while (shop.runtime.executions().find((run) => run.name === orderId)?.status !== 'SUCCEEDED') {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const after = counters.dynamoDbCalls();
  const byOperation = Object.fromEntries(
    Object.entries(after)
      .map(([operation, count]) => [operation, count - (before.calls[operation] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
  const calls = sum(byOperation);
  const transitions = counters.transitions() - before.transitions;
  const units = counters.dynamoDbCapacity() - before.units;
  console.log(`One paid checkout: ${calls} DynamoDB calls ${JSON.stringify(byOperation)}`);
  console.log(`One paid checkout: ${units} capacity units, ${transitions} state transitions`);
  expect(calls).toBeLessThanOrEqual(20);
  expect(calls).toBeGreaterThan(5);
  expect(transitions).toBeLessThanOrEqual(14);
  expect((await shop.order(orderId)).status).toBe('Paid');
});
