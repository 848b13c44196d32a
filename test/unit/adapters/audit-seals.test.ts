import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSealStore, readSealItem } from '../../../shared/adapters/dynamodb/audit-seals.ts';
import { createErasureLookup } from '../../../shared/adapters/dynamodb/erasure-lookup.ts';
import { queryAll } from '../../../shared/adapters/dynamodb/query-all.ts';
import type { Head, Seal, StoredEntry } from '../../../shared/audit/seal.ts';
import { sealEntries } from '../../../shared/audit/seal-entries.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;

beforeAll(async () => {
  dynamo = await startDynamo('auditSeals', 'audit', 'users');
});
afterAll(() => dynamo?.stop());

const at = '2026-03-01T12:00:00.000Z';
const nobody = new Set<string>();
const salt = () => randomBytes(32).toString('hex');
const store = () =>
  createSealStore(dynamo.client, dynamo.table('auditSeals'), { random: Math.random, sleep });

function entries(chain: string, count: number): StoredEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    pk: chain,
    sk: `${at}#${String(index).padStart(3, '0')}`,
    at,
    action: 'x',
    where: { ip: '203.0.113.7', region: 'DE', device: 'test' },
  }));
}
const written = (all: readonly StoredEntry[]) => all.map((entry) => ({ entry, writtenAt: at }));
async function readSeals(chain: string): Promise<{ head: Head | undefined; seals: Seal[] }> {
  const items = await queryAll(dynamo.client, {
    TableName: dynamo.table('auditSeals'),
    KeyConditionExpression: 'pk = :chain',
    ExpressionAttributeValues: { ':chain': chain },
    ConsistentRead: true,
  });
  const read = items.flatMap((item) => readSealItem(item) ?? []);
  const [head] = read.flatMap((one) => ('head' in one ? [one.head] : []));
  return { head, seals: read.flatMap((one) => ('seal' in one ? [one.seal] : [])) };
}
const proofOf = async (chain: string, all: readonly StoredEntry[]) =>
  verifyChain({ chain, ...(await readSeals(chain)), entries: all }, nobody);

test('two writers of one chain make one chain, with each entry once', async () => {
  const all = entries('PRODUCT#1', 8);
  const parts = [all.slice(0, 5), all.slice(3), all.slice(0, 2)];
  await Promise.all(
    parts.map((part) => sealEntries('PRODUCT#1', written(part), store(), salt).catch(() => 0)),
  );
  await sealEntries('PRODUCT#1', written(all), store(), salt);
  const { seals, head } = await readSeals('PRODUCT#1');
  expect(seals).toHaveLength(8);
  expect(head?.count).toBe(8);
  expect(await proofOf('PRODUCT#1', all)).toEqual([]);
});

test('a chain that is longer than one write takes several', async () => {
  const all = entries('USER#1', 120);
  expect(await sealEntries('USER#1', written(all), store(), salt)).toBe(120);
  expect(await sealEntries('USER#1', written(all), store(), salt)).toBe(0);
  expect(await proofOf('USER#1', all)).toEqual([]);
});

test('a forgotten salt leaves the seal as it was, and one that was never made alone', async () => {
  const [entry] = entries('ORDER#1', 1) as [StoredEntry];
  await sealEntries('ORDER#1', written([entry]), store(), salt);
  await store().forget('ORDER#1', entry.sk, ['where']);
  await store().forget('ORDER#1', entry.sk, []);
  await store().forget('ORDER#1', 'nothing', ['where', 'reason']);
  const { seals } = await readSeals('ORDER#1');
  expect(seals).toHaveLength(1);
  expect(seals[0]?.whereSalt).toBeUndefined();
  expect(seals[0]?.reasonSalt).toHaveLength(64);
  const erased = {
    ...entry,
    where: { ip: 'erased', region: 'erased', device: 'erased' },
    actor: { id: 'u' },
  };
  expect(verifyChain({ chain: 'ORDER#1', head: undefined, seals, entries: [] }, nobody)).toHaveLength(2);
  const flaws = verifyChain({ chain: 'ORDER#1', head: undefined, seals, entries: [erased] }, nobody);
  expect(flaws.map(({ flaw }) => flaw)).toContain('entry_changed');
});

test('who was erased and whose order it is can be asked, and nothing is known of others', async () => {
  const tables = { users: dynamo.table('users'), audit: dynamo.table('audit') };
  const put = (TableName: string, Item: Record<string, unknown>) =>
    dynamo.client.send(new PutCommand({ TableName, Item }));
  await put(tables.users, { pk: 'ERASURE#erased', userId: 'erased', startedAt: at });
  await put(tables.users, { pk: 'USER#alive', userId: 'alive' });
  await put(tables.audit, { pk: 'ORDER#1', sk: '1', action: 'order.created', actor: { id: 'customer' } });
  await put(tables.audit, { pk: 'ORDER#1', sk: '2', action: 'order.paid', actor: { id: 'system' } });
  const lookup = createErasureLookup(dynamo.client, tables);
  expect([await lookup.isErased('erased'), await lookup.isErased('alive')]).toEqual([true, false]);
  expect([await lookup.customerOf('ORDER#1'), await lookup.customerOf('ORDER#2')]).toEqual([
    'customer',
    undefined,
  ]);
  await put(tables.audit, { pk: 'ORDER#1', sk: '0', action: 'order.created', actor: { id: 'erased' } });
  expect(await lookup.customerOf('ORDER#1')).toBeUndefined();
});
