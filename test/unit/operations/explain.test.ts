import type { SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { reversalsOf } from '../../../operations/explain/execution-events.ts';
import { tellStory } from '../../../operations/explain/story.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';

const entry = (reason: string): AuditEntry => ({
  entryId: reason,
  action: 'order.cancelled',
  entity: { type: 'order', id: '1' },
  actor: { id: 'system', role: 'System' },
  at: '2026-03-01T12:00:00.000Z',
  reason,
});

test('a reason that the workflow quotes of a customer is not told, its own codes are', () => {
  const facts = { orderId: '1', order: undefined, payment: undefined, stock: [], sent: [], executions: [] };
  const words = ['jane_doe', 'payment_declined', 'cancelled'];
  const { events } = tellStory({ ...facts, trail: words.map(entry) });
  expect(events.map(({ what }) => what)).toEqual([
    'order.cancelled with a reason',
    'order.cancelled (payment_declined)',
    'order.cancelled (cancelled)',
  ]);
});

test('reversals that can no longer be listed are asked for by their names', async () => {
  const client = {
    send: async () => ({ executions: [{ name: 'other-cancel', executionArn: 'x' }], nextToken: 'more' }),
  } as unknown as SFNClient;
  const machine = 'arn:aws:states:us-east-1:1:stateMachine:Reversal';
  const names = (await reversalsOf(client, machine, 'o1', ['2026-03-01T12:30:00.000Z'])).map((arn) =>
    arn.slice(arn.lastIndexOf(':') + 1),
  );
  expect(names).toEqual(
    ['cancel', 'refund', 'repair'].flatMap((kind) => [
      `o1-${kind}`,
      `o1-${kind}-2026-03-01T11`,
      `o1-${kind}-2026-03-01T12`,
    ]),
  );
});
