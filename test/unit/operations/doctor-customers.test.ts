import { BatchGetCommand, GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { checkCustomers } from '../../../operations/doctor/customers.ts';
import type { Examination } from '../../../operations/doctor/doctor.ts';

type Item = Record<string, unknown>;

/**
 * A shop with one customer, whose order is paid in the very transaction that counts it.
 * @param indexed orders that the index of the customer's orders shows, as it lags
 * @param scans the orders that each scan meets
 */
function aShop(orderCount: number, { indexed, scans }: { indexed: Item[]; scans: Item[][] }) {
  const user = { pk: 'USER#ann', userId: 'ann', orderCount };
  const written: Item[] = [];
  const notes: string[] = [];
  let scanned = 0;
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof QueryCommand) return { Items: command.input.IndexName ? indexed : [] };
    if (command instanceof BatchGetCommand) {
      const [table = ''] = Object.keys(command.input.RequestItems ?? {});
      return { Responses: { [table]: indexed } };
    }
    if (command instanceof GetCommand) return { Item: user };
    if (command instanceof TransactWriteCommand) {
      written.push(command.input.TransactItems?.[0]?.Update as Item);
      return {};
    }
    throw new Error('unexpected');
  };
  const examination = {
    clock: { now: () => new Date('2026-03-10T12:00:00.000Z') },
    tables: { orders: 'orders', users: 'users', promotions: 'promotions', audit: 'audit' },
    async *scan(table: string) {
      if (table === 'users') yield [user];
      else yield scans[Math.min(scanned++, scans.length - 1)] ?? [];
    },
    note: (text: string) => void notes.push(text),
    target: { dynamo: { send } },
  } as unknown as Examination;
  return { examination, written, notes, scans: () => scanned };
}

const order = (orderId: string, version = 3): Item => ({
  pk: `ORDER#${orderId}`,
  sk: 'ORDER',
  orderId,
  userId: 'ann',
  status: 'Paid',
  version,
});

describe('the doctor of customers', () => {
  test('does not take a count back whose order the index lacks, and the first scan had passed by', async () => {
    const { examination } = aShop(1, { indexed: [], scans: [[], [order('1')]] });
    expect(await checkCustomers(examination)).toEqual([]);
  });

  test('puts off a customer whose orders move between its looks', async () => {
    const moving = [[], [order('1')], [order('1', 4)]];
    const { examination, notes } = aShop(2, { indexed: [], scans: moving });
    expect(await checkCustomers(examination)).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^1 of them moved while they were read/)]);
  });

  test('does not scan again when the index clears a customer who ordered during the scan', async () => {
    const { examination, scans } = aShop(1, { indexed: [order('1')], scans: [[]] });
    expect(await checkCustomers(examination)).toEqual([]);
    expect(scans()).toBe(1);
  });

  test.each([
    ['too high', 7],
    ['too low', 0],
  ])('finds a count that is %s, and sets it only while it is what was read', async (_, wrong) => {
    const { examination, written } = aShop(wrong, { indexed: [order('1')], scans: [[order('1')]] });
    const [finding, ...more] = await checkCustomers(examination);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ kind: 'order_count_drift', entity: { type: 'user', id: 'ann' } });
    expect(await finding?.fix?.()).toBe('paid orders of user ann: now orderCount 1');
    expect(written).toMatchObject([
      {
        ConditionExpression: 'orderCount = :wrong',
        ExpressionAttributeValues: { ':wrong': wrong, ':right': 1 },
      },
    ]);
  });
});
