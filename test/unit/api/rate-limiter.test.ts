import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuditTrail } from '../../../shared/adapters/dynamodb/audit-trail.ts';
import { createRateLimiter } from '../../../shared/adapters/dynamodb/rate-limiter.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo('idempotency', 'audit');
});
afterAll(() => dynamo?.stop());

const rows = async (table: 'idempotency' | 'audit') =>
  (await dynamo.client.send(new ScanCommand({ TableName: dynamo.table(table) }))).Items ?? [];

test('the limiter counts every hit of a window, those at the same moment too, and forgets the window later', async () => {
  const limiter = createRateLimiter(dynamo.client, dynamo.table('idempotency'));
  const minute = new Date('2026-03-01T12:00:00Z');
  const hits = await Promise.all(Array.from({ length: 20 }, () => limiter.hit('login#203.0.113.7', minute)));
  expect(hits.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(await limiter.hit('login#203.0.113.8', minute)).toBe(1);
  expect(await limiter.hit('login#203.0.113.7', new Date('2026-03-01T12:01:00Z'))).toBe(1);
  const expiries = (await rows('idempotency')).map(({ expiresAt }) => Number(expiresAt));
  expect(Math.min(...expiries)).toBeGreaterThan(minute.getTime() / 1000 + 60);
  expect(Math.max(...expiries)).toBeLessThan(minute.getTime() / 1000 + 600);
});

test('the trail keeps an entry once and as it was first written', async () => {
  const trail = createAuditTrail(dynamo.client, dynamo.table('audit'));
  const entry: AuditEntry = {
    entryId: 'entry-1',
    action: 'order.paid',
    entity: { type: 'order', id: 'order-1' },
    actor: { id: 'system', role: 'System' },
    at: '2026-03-01T12:00:00.000Z',
  };
  await trail.append(entry);
  await trail.append({ ...entry, reason: 'rewritten' });
  await trail.append({ ...entry, entryId: 'entry-2' });
  const kept = await rows('audit');
  expect(kept.map(({ pk, sk, reason }) => [pk, sk, reason]).sort()).toEqual([
    ['ORDER#order-1', '2026-03-01T12:00:00.000Z#entry-1', undefined],
    ['ORDER#order-1', '2026-03-01T12:00:00.000Z#entry-2', undefined],
  ]);
});
