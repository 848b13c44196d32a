import { BatchGetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Examination } from '../../../operations/doctor/doctor.ts';
import { checkOrders } from '../../../operations/doctor/orders.ts';
import { checkPromotions } from '../../../operations/doctor/promotions.ts';
import { checkReports } from '../../../operations/doctor/report-counters.ts';
import { checkStock } from '../../../operations/doctor/stock.ts';
import { examine } from '../../../operations/doctor.ts';
import { orderToItem } from '../../../shared/adapters/dynamodb/order-item.ts';
import type { CheckoutHealth } from '../../../shared/orders/checkout-watch.ts';
import type { Order } from '../../../shared/orders/order.ts';
import type { PaymentRecord } from '../../../shared/payments/payment-record.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { memoryOrders } from '../../support/memory-orders.ts';

const now = new Date('2026-03-10T12:00:00.000Z');
const captured = { provider: 'sandbox', status: 'captured', attempts: 1 } as unknown as PaymentRecord;
type Item = Record<string, unknown>;

/** A stage of which only what a check reads is there. */
function aStage({ scanned = [], found = [] }: { scanned?: Item[]; found?: Item[] } = {}, ...orders: Order[]) {
  const memory = memoryOrders(...orders);
  const stage = {
    health: 'missing' as CheckoutHealth,
    asked: 0,
    scans: 0,
    reversed: [] as string[],
    memory,
    found,
  };
  const examination = {
    clock: { now: () => now },
    graceMilliseconds: 5 * 60_000,
    tables: { inventory: 'inventory', insights: 'insights', products: 'products', audit: 'audit' },
    async *scan() {
      stage.scans += 1;
      yield scanned;
    },
    target: {
      output: (key: string) => key,
      workflows: {
        async send() {
          stage.asked += 1;
          return { executions: [] };
        },
      },
      dynamo: {
        async send(command: unknown) {
          if (!(command instanceof BatchGetCommand)) return {};
          const [table = ''] = Object.keys(command.input.RequestItems ?? {});
          return { Responses: { [table]: stage.found } };
        },
      },
    },
    reconcile: {
      orders: memory.store,
      watch: {
        async healthOf() {
          stage.asked += 1;
          return stage.health;
        },
      },
      holds: { isSold: async () => false },
      reversals: { start: async ({ orderId }: { orderId: string }) => void stage.reversed.push(orderId) },
    },
  } as unknown as Examination;
  return { stage, examination };
}

const at = '2026-03-01T12:00:00.000Z';
const old = (fields: Partial<Order>) => anOrder({ createdAt: at, updatedAt: at, ...fields });
const itemsOf = (...orders: Order[]): Item[] =>
  orders.flatMap((order) => [
    orderToItem(order) as Item,
    { pk: `ORDER#${order.orderId}`, sk: 'PAYMENT', orderId: order.orderId, ...paymentItem },
  ]);
const paymentItem = {
  provider: 'sandbox',
  amount: { amount: 2000, currency: 'USD' },
  state: 'captured',
  paymentId: 'pay_1',
  attempts: 1,
};

describe('the doctor of orders', () => {
  test('asks Step Functions about no order that has shipped or arrived', async () => {
    const orders = (['Shipped', 'Delivered', 'Failed'] as const).map((status) =>
      old({ orderId: status, status }),
    );
    const { stage, examination } = aStage({ scanned: itemsOf(...orders.slice(0, 2)) }, ...orders);
    for (const { orderId } of orders) stage.memory.payments.set(orderId, captured);
    expect(await checkOrders(examination)).toEqual([]);
    expect(stage.asked).toBe(0);
  });

  test('asks once about an order that waits for a person', async () => {
    const order = old({ status: 'OnHold' });
    const { stage, examination } = aStage({ scanned: [orderToItem(order) as Item] }, order);
    stage.health = 'running';
    expect(await checkOrders(examination)).toEqual([]);
    expect(stage.asked).toBe(1);
  });

  test.each([
    [
      'whose checkout was redriven',
      (stage: ReturnType<typeof aStage>['stage']) => {
        stage.health = 'running';
      },
    ],
    [
      'that was approved',
      ({ memory }: ReturnType<typeof aStage>['stage']) => {
        const [order] = memory.byId.values();
        if (order) memory.byId.set(order.orderId, { ...order, updatedAt: now.toISOString() });
      },
    ],
  ])('does not reverse an order %s since it was looked at', async (_, revive) => {
    const order = old({ status: 'OnHold' });
    const { stage, examination } = aStage({ scanned: [orderToItem(order) as Item] }, order);
    stage.health = 'dead';
    const [finding] = await checkOrders(examination);
    expect(finding?.kind).toBe('stuck_order');
    revive(stage);
    expect(await finding?.fix?.()).toBeUndefined();
    expect(stage.reversed).toEqual([]);
    expect(stage.memory.byId.size).toBe(1);
  });

  describe('of a paid order', () => {
    const order = old({
      status: 'Paid',
      items: [anItem({ productId: 'p', quantity: 2, allocated: 2, status: 'allocated' })],
    });
    async function found(states: string[], payment: PaymentRecord = captured) {
      const rows = states.map((state) => ({ productId: 'p', quantity: 2, state }));
      const { stage, examination } = aStage({ scanned: [orderToItem(order) as Item], found: rows }, order);
      stage.memory.payments.set(order.orderId, payment);
      stage.health = 'succeeded';
      const findings = await checkOrders(examination);
      await findings[0]?.fix?.();
      return { kinds: findings.map(({ kind }) => kind), reversed: stage.reversed.length };
    }

    test('leaves stock that only has to be sold to the holds, and gives no money back for it', async () => {
      expect(await found(['HELD'])).toEqual({ kinds: [], reversed: 0 });
    });
    test('leaves stock that has left no trace to a person', async () => {
      expect(await found([])).toEqual({ kinds: ['stuck_order'], reversed: 0 });
    });
    test('reverses it when its stock went back to others, or its money has begun to', async () => {
      const undone = { ...captured, undo: 'started' } as PaymentRecord;
      expect(await found(['SOLD'])).toEqual({ kinds: [], reversed: 0 });
      expect((await found(['RELEASED'])).kinds).toEqual(['stuck_order']);
      expect((await found(['SOLD'], undone)).kinds).toEqual(['stuck_order']);
      expect((await found(['RELEASED'])).reversed).toBe(1);
    });
  });
});

describe('an item that nobody can read is a finding, and keeps no other from being found:', () => {
  test('a row of the stock and a product', async () => {
    const row = { pk: 'PRODUCT#p', sk: 'ORDER#1', productId: 'p', quantity: 'two' };
    const { examination } = aStage({ scanned: [row] });
    const findings = await checkStock(examination);
    expect(findings.map(({ kind, entity }) => [kind, entity.id])).toEqual([
      ['unreadable', 'p'],
      ['unreadable', 'p'],
    ]);
  });

  test('a promotion', async () => {
    const { examination } = aStage({ scanned: [{ pk: 'USES#1', sk: 'TOTAL', code: 'C', uses: 'many' }] });
    expect((await checkPromotions(examination)).map(({ kind }) => kind)).toEqual(['unreadable']);
  });

  test('a table that cannot be read keeps no other check from being made', async () => {
    const said: string[] = [];
    const send = async (command: unknown) => {
      const isBroken = command instanceof ScanCommand && command.input.TableName === 'InventoryTableName';
      if (isBroken) throw new Error('broken');
      return { Items: [] };
    };
    const target = { dynamo: { send }, workflows: { send }, output: (key: string) => key };
    const terminal = { line: (text: string) => void said.push(text), progress: () => undefined };
    const options = { fix: false, graceMilliseconds: 1, unitsPerSecond: 1e6 };
    await expect(
      examine(target as unknown as Parameters<typeof examine>[0], options, terminal),
    ).rejects.toThrow('holds could not be examined, stock could not be examined');
    expect(said.filter((line) => line.startsWith('ok'))).toHaveLength(5);
    expect(said.filter((line) => line.startsWith('NOT examined'))).toHaveLength(2);
  });
});

test('rows of reports that drifted or are gone are found in three scans, however many there are', async () => {
  const facts = {
    day: '2026-03-01',
    status: 'Paid',
    currency: 'USD',
    amount: 1000,
    lines: ['a', 'b'].map((productId) => ({ productId, name: 'x', category: 'y', units: 1, amount: 500 })),
  };
  const counted = { orders: 1, units: 1, amount: 500, paidOrders: 1, paidUnits: 1, revenue: 500 };
  const rowOf = (productId: string) => ({ pk: 'PRODUCT#2026-03', sk: `2026-03-01#USD#${productId}` });
  const drifted = { ...rowOf('a'), ...counted, orders: 5 };
  const scanned = [
    { pk: 'APPLIED#1', sk: 'APPLIED', orderId: '1', version: 1, facts },
    drifted,
    { pk: 'SALES#2026-03', sk: '2026-03-01#Paid#USD', orders: 1, units: 2, amount: 1000 },
  ];
  const { stage, examination } = aStage({ scanned, found: [drifted] });
  const findings = await checkReports(examination);
  expect(findings.map(({ kind }) => kind)).toEqual(['report_drift', 'report_drift']);
  expect(findings.map(({ detail }) => detail.slice(0, 60)).sort()).toEqual([
    expect.stringContaining('2026-03-01#USD#a'),
    expect.stringContaining('2026-03-01#USD#b'),
  ]);
  expect(stage.scans).toBe(3);
});
