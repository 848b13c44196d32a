import { marshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { handler } from '../../../lambdas/audit-seal/handler.ts';
import { sealRecords } from '../../../lambdas/audit-seal/seal-records.ts';
import { logger } from '../../../shared/observability/logger.ts';

const entry = {
  pk: 'ORDER#1',
  sk: '2026-03-01T12:00:00.000Z#entry-1',
  action: 'order.created',
  actor: { id: 'customer-1', role: 'Customer' },
  where: { ip: '203.0.113.7', region: 'DE', device: 'test' },
};
const erased = { ...entry, where: { ip: 'erased', region: 'erased', device: 'erased' } };

let lines: string[];
let error: MockInstance<typeof logger.error>;

beforeEach(() => {
  lines = [];
  vi.stubEnv('STAGE', 'prod');
  vi.stubEnv('AUDIT_SEALS_TABLE', 'seals');
  vi.stubEnv('AUDIT_TABLE', 'audit');
  vi.stubEnv('USERS_TABLE', 'users');
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
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

/** The sealer's ports on a stage where these persons were erased, and what they were asked to do. */
function portsOf(...erased: string[]) {
  const publish = vi.fn();
  const forget = vi.fn(async () => undefined);
  const store = {
    read: async () => ({ head: undefined, sealed: new Set<string>() }),
    append: async () => true,
    forget,
  };
  const isErased = vi.fn(async (id: string) => erased.includes(id));
  const lookup = { isErased, customerOf: async () => 'customer-1' };
  return { publish, store, lookup, salt: () => 'salt', forget, isErased };
}

test('an erasure sets off nothing', async () => {
  const ports = portsOf('customer-1');
  await sealRecords({ Records: [record('MODIFY', entry, erased)] }, ports);
  expect(ports.publish).not.toHaveBeenCalled();
  expect(ports.forget).toHaveBeenCalledExactlyOnceWith(entry.pk, entry.sk, ['where']);
});

test('an entry that was emptied like an erased person’s, of whom the register knows nothing, is measured', async () => {
  const ports = portsOf('somebody-else');
  await sealRecords({ Records: [record('MODIFY', entry, erased)] }, ports);
  expect(ports.publish).toHaveBeenCalledOnce();
  expect(ports.forget).not.toHaveBeenCalledWith(entry.pk, entry.sk, ['where']);
  expect(error).toHaveBeenCalledExactlyOnceWith('audit entry emptied, and nobody was erased', {
    chain: 'ORDER#1',
    entry: entry.sk,
    parts: ['where'],
  });
});

test('the register is asked once in a batch for each person', async () => {
  const ports = portsOf('customer-1');
  const second = { ...entry, sk: `${entry.sk}-2` };
  const Records = [record('MODIFY', entry, erased), record('MODIFY', second, { ...erased, sk: second.sk })];
  await sealRecords({ Records }, ports);
  expect(ports.forget).toHaveBeenCalledTimes(2);
  expect(ports.isErased).toHaveBeenCalledExactlyOnceWith('customer-1');
});

test('a register that cannot be asked brings the record again', async () => {
  const ports = portsOf();
  ports.isErased.mockRejectedValue(new Error('busy'));
  const answer = await sealRecords({ Records: [record('MODIFY', entry, erased)] }, ports);
  expect(answer.batchItemFailures).toEqual([{ itemIdentifier: '1' }]);
  expect(ports.forget).not.toHaveBeenCalled();
});

test('a record that cannot be read is named by its chain, with what is wrong with it', async () => {
  const unreadable = {
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: '7',
      Keys: marshall({ pk: 'ORDER#1', sk: entry.sk }),
      NewImage: marshall({ sk: entry.sk }),
    },
  };
  const answer = await sealRecords(
    { Records: [unreadable, { dynamodb: { SequenceNumber: '8' } }] },
    portsOf(),
  );
  expect(answer.batchItemFailures).toEqual([{ itemIdentifier: '7' }, { itemIdentifier: '8' }]);
  expect(error.mock.calls).toEqual([
    [
      'stream record not understood',
      {
        chain: 'ORDER#1',
        sequenceNumber: '7',
        error: expect.objectContaining({ message: expect.stringContaining('pk') }),
      },
    ],
    ['stream record not understood', expect.objectContaining({ chain: undefined, sequenceNumber: '8' })],
  ]);
});
