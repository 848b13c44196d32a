import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyAudit } from '../../operations/audit-verify.ts';
import { connectEndpoints, type Target } from '../../operations/support/target.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let target: Target;
let customer: Customer;
const terminal = { line: () => undefined, progress: () => undefined };

beforeAll(async () => {
  shop = await openShop();
  customer = await shop.newCustomer();
  target = await connectEndpoints('the shop under test', shop.runtime);
});
afterAll(async () => {
  target?.close();
  await shop?.stop();
});

async function flaws(chain?: string) {
  const options = { chain, strict: true, adopt: false, unitsPerSecond: 100_000, patienceMilliseconds: 5_000 };
  const { flaws: found } = await verifyAudit(target, options, terminal);
  return found.map(({ flaw }) => flaw);
}

async function paidOrder() {
  const productId = await shop.newProduct();
  const { json } = await shop.place(customer, { items: items(productId) });
  await shop.settled(json.orderId);
  const pk = `ORDER#${json.orderId}`;
  const entries = (await shop.rows('AUDIT_TABLE')).filter((entry) => entry.pk === pk);
  await eventually(async () => {
    const seals = await shop.rows('AUDIT_SEALS_TABLE');
    return seals.filter((seal) => seal.pk === pk).length === entries.length + 1 || undefined;
  });
  return { pk, productId, entries: entries.sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1)) };
}

test('everything that a shop has done is proved, whoever wrote the entry', async () => {
  const { pk, productId } = await paidOrder();
  await Promise.all(
    [1, 2, 3, 4, 5].map(() =>
      shop.call('POST', `/product/${productId}/stock`, {
        token: shop.manager,
        body: { delta: 1, reason: 'counted' },
      }),
    ),
  );
  await shop.call('GET', '/order/report', { token: customer.token });
  const cancelled = await paidOrder();
  await shop.call('POST', `/order/${cancelled.pk.slice(6)}/cancel`, { token: customer.token, body: {} });
  await shop.inStatus(cancelled.pk.slice(6), 'Cancelled');
  expect(await flaws()).toEqual([]);
  const chains = new Set((await shop.rows('AUDIT_SEALS_TABLE')).map((seal) => String(seal.pk).split('#')[0]));
  expect([...chains].sort()).toEqual(['ORDER', 'PRODUCT', 'ROUTE', 'USER']);
  expect(await flaws(pk)).toEqual([]);
});

test('an entry that was changed, removed or put in with a past date is found, in its own chain alone', async () => {
  const [one, other, third] = [await paidOrder(), await paidOrder(), await paidOrder()];
  const TableName = shop.runtime.tables.AUDIT_TABLE;
  const [first = {}] = one.entries;
  await shop.dynamo.send(
    new UpdateCommand({
      TableName,
      Key: { pk: first.pk, sk: first.sk },
      UpdateExpression: 'SET actor.id = :id',
      ExpressionAttributeValues: { ':id': 'somebody-else' },
    }),
  );
  const last = other.entries.at(-1);
  await shop.dynamo.send(new DeleteCommand({ TableName, Key: { pk: last?.pk, sk: last?.sk } }));
  const at = new Date(Date.now() - 60 * 60_000).toISOString();
  const Item = { ...third.entries[0], sk: `${at}#slipped-in`, entryId: 'slipped-in', at };
  await shop.dynamo.send(new PutCommand({ TableName, Item }));
  expect(await flaws(one.pk)).toEqual(['entry_changed']);
  expect(await flaws(other.pk)).toEqual(['entry_removed']);
  expect(await flaws(third.pk)).toEqual(['entry_late']);
  expect((await flaws()).sort()).toEqual(['entry_changed', 'entry_late', 'entry_removed']);
});

test('an erased person’s entries stay proved, and no seal tells of what was erased', async () => {
  const person = await shop.newCustomer();
  const productId = await shop.newProduct();
  const { json } = await shop.place(person, { items: items(productId) });
  await shop.settled(json.orderId);
  const erased = await shop.call('DELETE', `/user/${person.userId}`, { token: person.token });
  expect(erased.status).toBe(204);
  const chains = [`USER#${person.userId}`, `ORDER#${json.orderId}`];
  const emptied = await eventually(async () => {
    const seals = (await shop.rows('AUDIT_SEALS_TABLE')).filter(({ pk, sk }) => {
      return chains.includes(String(pk)) && sk !== 'HEAD';
    });
    const trail = (await shop.rows('AUDIT_TABLE')).filter(({ pk }) => chains.includes(String(pk)));
    const isErased = (entry: Record<string, unknown>) => JSON.stringify(entry.where).includes('erased');
    const places = trail.filter(isErased).map(({ pk, sk }) => `${pk} ENTRY#${sk}`);
    const salted = seals.filter(
      ({ pk, sk, whereSalt }) => places.includes(`${pk} ${sk}`) && whereSalt !== undefined,
    );
    // Those that were written after the erasure had nothing to forget.
    return seals.length === trail.length && salted.length <= 2 ? places.length : undefined;
  });
  expect(emptied).toBeGreaterThan(2);
  for (const chain of chains) expect(await flaws(chain)).toEqual([]);
});

/** A day and more from now, when the stream can bring nothing of today any more. */
const tomorrow = { now: () => new Date(Date.now() + 25 * 3600 * 1000) };

test('entries that wait for their seal are no flaw and are not adopted', async () => {
  const { pk } = await paidOrder();
  const TableName = shop.runtime.tables.AUDIT_SEALS_TABLE;
  for (const { sk } of (await shop.rows('AUDIT_SEALS_TABLE')).filter((seal) => seal.pk === pk)) {
    await shop.dynamo.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
  }
  const options = { chain: pk, strict: true, adopt: true, unitsPerSecond: 1e5, patienceMilliseconds: 0 };
  const proof = await verifyAudit(target, options, terminal);
  expect(proof).toMatchObject({ isWhole: true, adopted: 0 });
  expect(proof.flaws.map(({ flaw }) => flaw)).toEqual(['entry_pending', 'entry_pending']);
  expect(await verifyAudit(target, { ...options, clock: tomorrow }, terminal)).toMatchObject({ adopted: 2 });
});

test('what looks wrong only while the chain grows is looked at again', async () => {
  const { pk } = await paidOrder();
  let torn = 0;
  // The head as it stood a moment before the last seal, as a page that was read too early.
  const send = (async (command: object) => {
    const answer = await target.dynamo.send(command as Parameters<typeof target.dynamo.send>[0]);
    const { TableName } = (command as { input: { TableName?: string } }).input;
    if (TableName !== target.output('AuditSealsTableName') || torn === 2) return answer;
    torn += 1;
    const { Items = [] } = answer as { Items?: { sk: string }[] };
    return { ...answer, Items: Items.map((item) => (item.sk === 'HEAD' ? { ...item, count: 1 } : item)) };
  }) as unknown as Target['dynamo']['send'];
  const grown = { ...target, dynamo: { ...target.dynamo, send } as Target['dynamo'] };
  const options = { chain: pk, strict: true, adopt: false, unitsPerSecond: 1e5, patienceMilliseconds: 0 };
  expect((await verifyAudit(grown, options, terminal)).flaws).toEqual([]);
  expect(torn).toBe(2);
});

test('entries from before there were seals are adopted on request, and told apart for good', async () => {
  const { pk } = await paidOrder();
  const TableName = shop.runtime.tables.AUDIT_SEALS_TABLE;
  for (const { sk } of (await shop.rows('AUDIT_SEALS_TABLE')).filter((seal) => seal.pk === pk)) {
    await shop.dynamo.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
  }
  const options = { chain: pk, strict: true, unitsPerSecond: 1e5, patienceMilliseconds: 0, clock: tomorrow };
  expect((await verifyAudit(target, { ...options, adopt: false }, terminal)).isWhole).toBe(false);
  expect(await verifyAudit(target, { ...options, adopt: true }, terminal)).toMatchObject({ adopted: 2 });
  const proof = await verifyAudit(target, { ...options, adopt: false }, terminal);
  expect(proof).toMatchObject({ isWhole: true, adopted: 2, entries: 2 });
});
