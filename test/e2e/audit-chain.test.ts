import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VerifyOptions } from '../../operations/audit-verify/run.ts';
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

/** A day and more from now, when the stream can bring nothing of today any more. */
const tomorrow = { now: () => new Date(Date.now() + 25 * 3600 * 1000) };

async function flaws(chain?: string) {
  const { flaws: found } = await look(chain, { patienceMilliseconds: 5_000 });
  return found.map(({ flaw }) => flaw);
}

function look(chain?: string, more: Partial<VerifyOptions> = {}, at = target) {
  const options = { strict: true, adopt: false, anchors: true, unitsPerSecond: 1e5, patienceMilliseconds: 0 };
  return verifyAudit(at, { ...options, chain, ...more }, terminal);
}

async function loseSeals(chain: string) {
  const TableName = shop.runtime.tables.AUDIT_SEALS_TABLE;
  for (const { sk } of (await shop.rows('AUDIT_SEALS_TABLE')).filter((seal) => seal.pk === chain)) {
    await shop.dynamo.send(new DeleteCommand({ TableName, Key: { pk: chain, sk } }));
  }
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

test('a salt that an erasure should have taken is found, and forgotten on request', async () => {
  const person = await shop.newCustomer();
  await shop.call('DELETE', `/user/${person.userId}`, { token: person.token });
  const pk = `USER#${person.userId}`;
  // The registration was erased after it was sealed. Its stream record is lost, as it were: the salt is still there.
  const [registered] = (await shop.rows('AUDIT_TABLE')).filter(
    (entry) => entry.pk === pk && entry.action === 'user.registered',
  );
  const Key = { pk, sk: `ENTRY#${registered?.sk}` };
  const salt = async () => {
    const rows = await shop.rows('AUDIT_SEALS_TABLE');
    return rows.find((seal) => seal.pk === pk && seal.sk === Key.sk)?.whereSalt;
  };
  await eventually(async () => (await flaws(pk)).length === 0 && (await salt()) === undefined);
  await shop.dynamo.send(
    new UpdateCommand({
      TableName: shop.runtime.tables.AUDIT_SEALS_TABLE,
      Key,
      UpdateExpression: 'SET whereSalt = :salt',
      ExpressionAttributeValues: { ':salt': 'a'.repeat(64) },
    }),
  );
  const kept = await look(pk, { clock: tomorrow });
  expect(kept.flaws).toMatchObject([{ flaw: 'salt_kept', chain: pk, entry: registered?.sk, part: 'where' }]);
  expect(kept.isWhole).toBe(false);
  expect((await look(pk, { clock: tomorrow, adopt: true })).isWhole).toBe(true);
  expect(await salt()).toBeUndefined();
  expect(await flaws(pk)).toEqual([]);
});

test('who empties an entry and writes to the register of erasures is found out all the same', async () => {
  const { pk, entries } = await paidOrder();
  const [placed = {}] = entries;
  const Item = {
    pk: `ERASURE#${customer.userId}`,
    userId: customer.userId,
    startedAt: '2026-01-01T00:00:00Z',
  };
  await shop.dynamo.send(new PutCommand({ TableName: shop.runtime.tables.USERS_TABLE, Item }));
  await shop.dynamo.send(
    new UpdateCommand({
      TableName: shop.runtime.tables.AUDIT_TABLE,
      Key: { pk, sk: placed.sk },
      UpdateExpression: 'SET #where = :erased',
      ExpressionAttributeNames: { '#where': 'where' },
      ExpressionAttributeValues: { ':erased': { ip: 'erased', region: 'erased', device: 'erased' } },
    }),
  );
  expect((await look(pk)).flaws).toMatchObject([
    { flaw: 'erased_without_erasure', detail: expect.stringContaining('no sealed entry') },
  ]);
  const { pk: erasure } = Item;
  await shop.dynamo.send(
    new DeleteCommand({ TableName: shop.runtime.tables.USERS_TABLE, Key: { pk: erasure } }),
  );
});

test('a trail that is gone with all its seals is missed by what it was of', async () => {
  const { pk } = await paidOrder();
  for (const table of ['AUDIT_TABLE', 'AUDIT_SEALS_TABLE']) {
    for (const { sk } of (await shop.rows(table)).filter((row) => row.pk === pk)) {
      await shop.dynamo.send(new DeleteCommand({ TableName: shop.runtime.tables[table], Key: { pk, sk } }));
    }
  }
  const missed = { chain: pk, flaw: 'chain_missing' };
  expect((await look(pk)).flaws).toMatchObject([missed]);
  expect((await look()).flaws).toContainEqual(expect.objectContaining(missed));
});

test('an entry that an order mirrors, and that never came to the trail, is missed', async () => {
  const { pk, entries } = await paidOrder();
  const last = entries.at(-1);
  for (const [table, sk] of [
    ['AUDIT_TABLE', last?.sk],
    ['AUDIT_SEALS_TABLE', `ENTRY#${last?.sk}`],
  ] as const) {
    await shop.dynamo.send(new DeleteCommand({ TableName: shop.runtime.tables[table], Key: { pk, sk } }));
  }
  const found = async (options: Partial<VerifyOptions>) =>
    (await look(pk, options)).flaws.map(({ flaw, entry }) => [flaw, entry]);
  expect(await found({})).toEqual([['head_differs', undefined]]);
  expect(await found({ clock: tomorrow })).toEqual([
    ['head_differs', undefined],
    ['entry_missing', last?.sk],
  ]);
});

test('entries that wait for their seal are no flaw and are not adopted', async () => {
  const { pk } = await paidOrder();
  await loseSeals(pk);
  const proof = await look(pk, { adopt: true });
  expect(proof).toMatchObject({ isWhole: true, adopted: 0 });
  expect(proof.flaws.map(({ flaw }) => flaw)).toEqual(['entry_pending', 'entry_pending']);
  expect(await look(pk, { adopt: true, clock: tomorrow })).toMatchObject({ adopted: 2 });
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
  expect((await look(pk, {}, grown)).flaws).toEqual([]);
  expect(torn).toBe(2);
});

test('entries from before there were seals are adopted on request, and told apart for good', async () => {
  const { pk } = await paidOrder();
  await loseSeals(pk);
  expect((await look(pk, { clock: tomorrow })).isWhole).toBe(false);
  expect(await look(pk, { adopt: true, clock: tomorrow })).toMatchObject({ adopted: 2 });
  const proof = await look(pk, { clock: tomorrow });
  expect(proof).toMatchObject({ isWhole: true, adopted: 2, entries: 2 });
});
