import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSealStore, readSeals } from '../../../shared/adapters/dynamodb/audit-seals.ts';
import type { StoredEntry } from '../../../shared/audit/seal.ts';
import { sealEntries } from '../../../shared/audit/seal-entries.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;

beforeAll(async () => {
  dynamo = await startDynamo('auditSeals');
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
const proofOf = async (chain: string, all: readonly StoredEntry[]) =>
  verifyChain(
    { chain, ...(await readSeals(dynamo.client, dynamo.table('auditSeals'), chain)), entries: all },
    nobody,
  );

test('two writers of one chain make one chain, with each entry once', async () => {
  const all = entries('PRODUCT#1', 8);
  const parts = [all.slice(0, 5), all.slice(3), all.slice(0, 2)];
  await Promise.all(
    parts.map((part) => sealEntries('PRODUCT#1', written(part), store(), salt).catch(() => 0)),
  );
  await sealEntries('PRODUCT#1', written(all), store(), salt);
  const { seals, head } = await readSeals(dynamo.client, dynamo.table('auditSeals'), 'PRODUCT#1');
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
  const { seals } = await readSeals(dynamo.client, dynamo.table('auditSeals'), 'ORDER#1');
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
