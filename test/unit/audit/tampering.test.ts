import { marshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { handler } from '../../../lambdas/audit-seal/handler.ts';
import { sealRecords } from '../../../lambdas/audit-seal/seal-records.ts';

const entry = {
  pk: 'ORDER#1',
  sk: '2026-03-01T12:00:00.000Z#entry-1',
  action: 'order.created',
  where: { ip: '203.0.113.7', region: 'DE', device: 'test' },
};
const erased = { ...entry, where: { ip: 'erased', region: 'erased', device: 'erased' } };

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.stubEnv('STAGE', 'prod');
  vi.stubEnv('AUDIT_SEALS_TABLE', 'seals');
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const record = (eventName: string, before: object, after?: object) => ({
  eventName,
  dynamodb: {
    SequenceNumber: '1',
    OldImage: marshall(before),
    ...(after ? { NewImage: marshall(after) } : {}),
  },
});
const measured = () => lines.map((line) => JSON.parse(line)).filter((line) => '_aws' in line);

test.each([
  ['removed', 'REMOVE', undefined],
  ['changed', 'MODIFY', { ...entry, action: 'order.deleted' }],
  ['erased in part, with a change', 'MODIFY', { ...erased, action: 'order.deleted' }],
])('an entry that was %s past the code is measured, for the alarm AuditTampered', async (_, name, after) => {
  expect((await handler({ Records: [record(name, entry, after)] })).batchItemFailures).toEqual([]);
  expect(measured()).toMatchObject([
    { service: 'audit-seal', stage: 'prod', AuditEntriesTampered: 1, chain: 'ORDER#1' },
  ]);
  expect(measured()[0]._aws.CloudWatchMetrics).toEqual([
    {
      Namespace: 'Storefront',
      Dimensions: [['service', 'stage']],
      Metrics: [{ Name: 'AuditEntriesTampered', Unit: 'Count' }],
    },
  ]);
});

test('an erasure sets off nothing', async () => {
  const publish = vi.fn();
  const store = {
    read: async () => ({ head: undefined, sealed: new Set<string>() }),
    append: async () => true,
    forget: async () => undefined,
  };
  await sealRecords({ Records: [record('MODIFY', entry, erased)] }, store, () => 'salt', publish);
  expect(publish).not.toHaveBeenCalled();
});
