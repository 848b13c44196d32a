import { BatchGetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { RowChecksums } from '../../../operations/doctor/checksums.ts';
import type { Examination } from '../../../operations/doctor/doctor.ts';
import { checkInsightCounters } from '../../../operations/doctor/insight-counters.ts';
import { checkOrders } from '../../../operations/doctor/orders.ts';
import { checkPromotions } from '../../../operations/doctor/promotions.ts';
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
    notes: [] as string[],
    reversed: [] as string[],
    memory,
    found,
  };
  const examination = {
    clock: { now: () => now },
    graceMilliseconds: 5 * 60_000,
    tables: { inventory: 'inventory', insights: 'insights', products: 'products', audit: 'audit' },
    pace: async () => undefined,
    note: (text: string) => void stage.notes.push(text),
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

describe('rows of reports and rankings', () => {
  const order = (orderId: string, productIds: readonly string[]) => ({
    pk: `APPLIED#${orderId}`,
    sk: 'APPLIED',
    orderId,
    version: 1,
    facts: {
      day: '2026-03-01',
      status: 'Paid',
      currency: 'USD',
      amount: 500 * productIds.length,
      lines: productIds.map((productId) => ({
        productId,
        name: 'x',
        category: 'y',
        units: 1,
        amount: 500,
      })),
    },
  });
  const counted = { orders: 1, units: 1, amount: 500, paidOrders: 1, paidUnits: 1, revenue: 500 };
  const product = (productId: string) => ({
    pk: 'PRODUCT#2026-03',
    sk: `2026-03-01#USD#${productId}`,
    ...counted,
  });
  const score = (pk: string, sk: string, points = 1) => ({ pk, sk, score: points });
  const sales = { pk: 'SALES#2026-03', sk: '2026-03-01#Paid#USD', orders: 1, units: 2, amount: 1000 };
  const ranked = ['a', 'b'].flatMap((id) => [score('BOUGHT#ALL', id), score('BOUGHT#CATEGORY#y', id)]);
  const together = [score('TOGETHER#a', 'b'), score('TOGETHER#b', 'a')];
  const whole: Item[] = [order('1', ['a', 'b']), sales, product('a'), product('b'), ...ranked, ...together];
  const row = ({ pk, sk }: Item) => `${pk} ${sk}`;
  const like = (wanted: Item) => (item: Item) => row(item) === row(wanted);

  test('that agree with the orders take one scan', async () => {
    const { stage, examination } = aStage({ scanned: whole });
    expect(await checkInsightCounters(examination)).toEqual([]);
    expect(stage.scans).toBe(1);
  });

  test('that drifted, are gone or should not be there take three scans, however many they are', async () => {
    const more = { ...product('a'), orders: 5 };
    const higher = score('TOGETHER#a', 'b', 7);
    const stray = score('BOUGHT#ALL', 'nobody-bought-it', 3);
    const wrong = [more, higher, stray];
    const gone = [product('b'), score('BOUGHT#ALL', 'b')];
    const kept = whole.filter((item) => ![...wrong, ...gone].some((other) => like(other)(item)));
    const { stage, examination } = aStage({ scanned: [...kept, ...wrong], found: wrong });
    const findings = await checkInsightCounters(examination);
    expect(findings.map(({ kind, detail }) => `${kind} ${detail.split(':')[0]}`).sort()).toEqual(
      [
        `report_drift row ${row(more)}`,
        `report_drift row ${row(product('b'))}`,
        `ranking_drift row ${row(higher)}`,
        `ranking_drift row ${row(stray)}`,
        `ranking_drift row ${row(score('BOUGHT#ALL', 'b'))}`,
      ].sort(),
    );
    expect(stage.scans).toBe(3);
  });

  /** The stage as the scans find it one after the other, and the rows as they are read after the second. */
  async function lookAt(scans: readonly Item[][], ...read: Item[]) {
    const { stage, examination } = aStage({ found: read });
    let done = 0;
    const scan: Examination['scan'] = async function* () {
      yield [...(scans[done] ?? scans.at(-1) ?? [])];
      done += 1;
    };
    const findings = await checkInsightCounters({ ...examination, scan });
    return { kinds: findings.map(({ kind }) => kind), notes: stage.notes };
  }
  const ranked2 = score('BOUGHT#ALL', 'a', 2);
  const rows = [...whole.filter((item) => !like(ranked2)(item)), ranked2];
  const second = (status: string, version: number, units = 1) => {
    const { facts, ...mark } = order('2', ['a']);
    return {
      ...mark,
      version,
      facts: { ...facts, status, lines: facts.lines.map((line) => ({ ...line, units })) },
    };
  };
  const putOff = expect.stringMatching(/^\d+ of them moved while they were read/);

  test('are put off when an order of theirs was counted while they were read', async () => {
    expect(await lookAt([rows, rows, [...rows, order('2', ['a'])]], ranked2)).toEqual({
      kinds: [],
      notes: [],
    });
    const other = [...rows, second('Pending', 1)];
    expect(await lookAt([rows, rows, other], ranked2)).toEqual({ kinds: [], notes: [putOff] });
  });

  test('are put off when an order counted for them only while the row was read', async () => {
    const first = [...rows, second('Pending', 1)];
    const isPutOff = { kinds: [], notes: [putOff] };
    expect(await lookAt([first, first, [...rows, second('Cancelled', 3)]], ranked2)).toEqual(isPutOff);
    // One that came within that time, and got none of its pieces in the end.
    expect(await lookAt([rows, rows, [...rows, second('Failed', 3, 0)]], ranked2)).toEqual(isPutOff);
    // One that was deleted in the end: nothing tells any more what it counted for.
    const deleted = { ...second('Cancelled', 4), facts: undefined };
    expect(await lookAt([rows, rows, [...rows, deleted]], ranked2)).toEqual(isPutOff);
    // Without any such order it is drift, as the same row shows.
    expect((await lookAt([first, first, first], ranked2)).kinds).toContain('ranking_drift');
  });

  test('of products beyond the bound are put off when lines before them lost their pieces', async () => {
    const ids = Array.from({ length: 15 }, (_, index) => `p${index}`);
    const many = (status: string, version: number) => {
      const { facts, ...mark } = order('2', ids);
      const lines = facts.lines.map((line, index) => ({ ...line, units: index < 3 ? 0 : 1 }));
      return { ...mark, version, facts: { ...facts, status, lines } };
    };
    const last = score('BOUGHT#ALL', 'p14', 1);
    const found = await lookAt(
      [
        [...whole, last],
        [...whole, last],
        [...whole, last, many('Cancelled', 3)],
      ],
      last,
    );
    expect(found.kinds).not.toContain('ranking_drift');
    expect(found.notes).toEqual([putOff]);
  });

  test('that cannot be read are told, and the others compared', async () => {
    const broken = { pk: 'BOUGHT#ALL', sk: 'a', score: 'many' };
    const higher = score('TOGETHER#a', 'b', 7);
    const scan = [...whole.filter((item) => !like(broken)(item) && !like(higher)(item)), broken, higher];
    expect((await lookAt([scan], broken, higher)).kinds).toEqual(['unreadable', 'ranking_drift']);
  });

  test('are not compared when a mark of an order cannot be read', async () => {
    const strange = { ...order('1', ['a', 'b']), facts: { ...order('1', []).facts, news: true } };
    const others = whole.filter((item) => !like(strange)(item));
    const { examination } = aStage({ scanned: [strange, ...others] });
    const findings = await checkInsightCounters(examination);
    expect(findings.map(({ kind, entity, fix }) => [kind, entity, fix])).toEqual([
      ['unreadable', { type: 'order', id: '1' }, undefined],
    ]);
  });
});

describe('checksums of rows', () => {
  test('tell rows that come to nothing from others, whatever the order', () => {
    const checksums = new RowChecksums();
    expect(checksums.areAllBalanced).toBe(true);
    const names = Array.from({ length: 500 }, (_, index) => `row ${index}`);
    for (const name of names) checksums.add(name, [7, 0, 1_000_000_007]);
    for (const name of names.toReversed()) {
      checksums.add(name, [-3, 0, -1_000_000_000]);
      checksums.add(name, [-4, 0, -7]);
    }
    expect(checksums.areAllBalanced).toBe(true);
    checksums.add('row 7', [1, -1, 0]);
    expect(checksums.areAllBalanced).toBe(false);
    expect(checksums.isBalanced('row 7')).toBe(false);
    expect(checksums.isBalanced('row 8')).toBe(true);
  });

  test('forget what goes beyond a number of rows', () => {
    const checksums = new RowChecksums();
    for (let index = 0; index < 10; index += 1) checksums.add(`row ${index}`, [1]);
    expect(checksums.forgetBeyond(10)).toBe(0);
    expect(checksums.forgetBeyond(7)).toBe(3);
    const left = Array.from({ length: 10 }, (_, index) => checksums.isBalanced(`row ${index}`));
    expect(left.filter((isBalanced) => !isBalanced)).toHaveLength(7);
  });
});
