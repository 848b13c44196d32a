import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPaymentRecords } from '../../../shared/adapters/dynamodb/payment-records.ts';
import { authorizePayment, capturePayment, type Screen, undoPayment } from '../../../shared/payments/pay.ts';
import type { PaymentRecords } from '../../../shared/payments/payment-record.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { dyingRecords, memoryProvider } from '../../support/provider.ts';

const amount = { amount: 1999, currency: 'USD' };
let dynamo: TestDynamo;
let records: PaymentRecords;
let memory: ReturnType<typeof memoryProvider>;
let orderId: string;
let count = 0;

beforeAll(async () => {
  dynamo = await startDynamo('orders');
  records = createPaymentRecords(dynamo.client, dynamo.table('orders'));
});
afterAll(() => dynamo.stop());
beforeEach(() => {
  memory = memoryProvider();
  orderId = `order-${++count}`;
});

const clock = { now: () => new Date('2026-03-01T12:00:00.000Z') };
const ports = (using = records) => ({ records: using, provider: memory.provider, clock });
const authorize = (using = records) =>
  authorizePayment(ports(using), { orderId, amount, paymentMethod: 'pm_card_visa' });
const capture = (using = records) =>
  capturePayment(ports(using), { orderId, paymentId: `pay-${orderId}`, amount });
const undo = (using = records) => undoPayment(ports(using), orderId);
const state = () => memory.payments.get(orderId);

describe('authorizing', () => {
  test('twice asks the provider once and answers the same', async () => {
    const first = await authorize();
    expect(await authorize()).toEqual(first);
    expect(memory.calls).toEqual(['authorize']);
  });

  test('again after a lost answer counts the attempt and finds the first authorization', async () => {
    memory.loseAnswerTo('authorize');
    await expect(authorize()).rejects.toThrow('lost');
    expect(await authorize()).toMatchObject({ status: 'authorized', paymentId: `pay-${orderId}` });
    const { record } = await records.beginAttempt(orderId, 'memory', amount);
    expect(record.attempts).toBe(2);
  });

  test('an order that costs nothing never reaches the provider', async () => {
    const free = { amount: 0, currency: 'USD' };
    const request = { orderId, amount: free, paymentMethod: 'pm_card_visa' };
    expect(await authorizePayment(ports(), request)).toMatchObject({ status: 'authorized' });
    await capturePayment(ports(), { orderId, paymentId: `free_${orderId}`, amount: free });
    await undo();
    expect(memory.calls).toEqual([]);
  });

  test('an order that has been given up is refused before the provider is asked', async () => {
    await undo();
    await expect(authorize()).rejects.toMatchObject({ name: 'PaymentUndoneError' });
    expect(memory.calls).toEqual([]);
  });

  test('an order that is given up meanwhile voids what it has just authorized', async () => {
    const overtaken: PaymentRecords = {
      ...records,
      settle: async (...settled) => {
        await undo();
        return records.settle(...settled);
      },
    };
    await expect(authorize(overtaken)).rejects.toMatchObject({ name: 'PaymentUndoneError' });
    expect(state()).toBe('voided');
  });
});

describe('the fraud rules’ verdict', () => {
  const mismatch = { code: 'country_mismatch' as const, facts: { delivery: 'US', payment: 'GB' } };
  const asked: Parameters<Screen>[0][] = [];
  const judging = (reasons: ReturnType<Screen>, using = records) =>
    authorizePayment(ports(using), {
      orderId,
      amount,
      paymentMethod: 'pm_card_visa',
      screen: (payment) => {
        asked.push(payment);
        return reasons;
      },
    });

  test('is written with the answer, and flags the payment', async () => {
    expect(await judging([mismatch])).toMatchObject({ fraudFlag: true, fraudReasons: [mismatch] });
    expect(asked).toEqual([{ provider: 'memory', fraudFlag: false, country: undefined }]);
    expect(await records.beginAttempt(orderId, 'memory', amount)).toMatchObject({
      record: { status: 'authorized', fraudFlag: true, fraudReasons: [mismatch] },
    });
  });

  test('stands when the task runs again, though the rules would say something else by then', async () => {
    const first = await judging([mismatch]);
    expect(await judging([])).toEqual(first);
    await capture();
    expect(await judging([])).toEqual(first);
  });

  test('that nothing is wrong stands as well', async () => {
    const first = await judging([]);
    expect(first).toMatchObject({ fraudFlag: false, fraudReasons: [] });
    expect(await judging([mismatch])).toEqual(first);
  });

  test('of another attempt stands, where two were under way', async () => {
    const overtaken: PaymentRecords = {
      ...records,
      settle: async (...settled) => {
        await records.settle(orderId, {
          status: 'authorized',
          paymentId: `pay-${orderId}`,
          fraudFlag: true,
          fraudReasons: [mismatch],
        });
        return records.settle(...settled);
      },
    };
    expect(await judging([], overtaken)).toMatchObject({ fraudFlag: true, fraudReasons: [mismatch] });
  });

  test.each([false, true])(
    'is given on an authorization that a webhook wrote down first, captured: %s',
    async (isCaptured) => {
      await records.beginAttempt(orderId, 'memory', amount);
      await records.settle(orderId, {
        status: 'authorized',
        paymentId: `pay-${orderId}`,
        fraudFlag: true,
        paymentCountry: 'GB',
      });
      if (isCaptured) await records.captured(orderId);
      asked.length = 0;
      const first = await judging([mismatch]);
      expect(asked).toEqual([{ provider: 'memory', fraudFlag: true, country: 'GB' }]);
      expect(first).toMatchObject({ fraudFlag: true, fraudReasons: [mismatch] });
      expect(await judging([])).toEqual(first);
    },
  );

  test('stands as the first of two tasks gave it that found none', async () => {
    await records.beginAttempt(orderId, 'memory', amount);
    await records.settle(orderId, { status: 'authorized', paymentId: `pay-${orderId}`, fraudFlag: false });
    const first = await records.giveVerdict(orderId, [mismatch]);
    expect(first).toMatchObject({ fraudFlag: true, fraudReasons: [mismatch] });
    expect(await records.giveVerdict(orderId, [])).toEqual(first);
  });

  test('is not given any more once the order was given up', async () => {
    await records.beginAttempt(orderId, 'memory', amount);
    await records.settle(orderId, { status: 'authorized', paymentId: `pay-${orderId}`, fraudFlag: false });
    await undo();
    await expect(judging([mismatch])).rejects.toMatchObject({ name: 'PaymentUndoneError' });
    const late = await records.giveVerdict(orderId, [mismatch]);
    expect(late).toMatchObject({ undo: 'done', fraudFlag: false });
    expect(late).not.toHaveProperty('fraudReasons');
  });

  test('is asked neither about a decline nor about an order that costs nothing', async () => {
    asked.length = 0;
    await records.beginAttempt(orderId, 'memory', amount);
    await records.settle(orderId, { status: 'declined' });
    expect(await judging([mismatch])).toEqual({ status: 'declined' });
    const free = {
      orderId: `${orderId}-free`,
      amount: { amount: 0, currency: 'USD' },
      paymentMethod: 'pm_card_visa',
      screen: () => [mismatch],
    };
    const first = await authorizePayment(ports(), free);
    expect(first).toMatchObject({ status: 'authorized', fraudFlag: false });
    expect(await authorizePayment(ports(), free)).toEqual(first);
    expect(asked).toEqual([]);
  });
});

describe('an attempt that comes late', () => {
  test('does not overwrite the capture that followed another attempt', async () => {
    await records.beginAttempt(orderId, 'memory', amount);
    await authorize();
    await capture();
    const late = await records.settle(orderId, {
      status: 'authorized',
      paymentId: `pay-${orderId}`,
      fraudFlag: false,
    });
    expect(late).toMatchObject({ status: 'captured' });
    await undo();
    expect(state()).toBe('refunded');
  });

  test('answers what stands', async () => {
    let overtaking = true;
    const overtaken: PaymentRecords = {
      ...records,
      settle: async (...settled) => {
        if (overtaking) {
          overtaking = false;
          await records.settle(orderId, { status: 'declined' });
        }
        return records.settle(...settled);
      },
    };
    expect(await authorize(overtaken)).toMatchObject({ status: 'declined' });
  });

  test('is voided when a later attempt was declined', async () => {
    memory.loseAnswerTo('authorize');
    await expect(authorize()).rejects.toThrow('lost');
    await records.beginAttempt(orderId, 'memory', amount);
    await records.settle(orderId, { status: 'declined' });
    await undo();
    expect(state()).toBe('voided');
  });
});

describe('capturing', () => {
  test('twice takes the money once', async () => {
    await authorize();
    await capture();
    await capture();
    expect(state()).toBe('captured');
  });

  test('an order that has been given up meanwhile gives the money back', async () => {
    await authorize();
    const overtaken = {
      ...records,
      captured: async () => {
        await records.beginUndo(orderId);
        return records.captured(orderId);
      },
    };
    await expect(capture(overtaken)).rejects.toMatchObject({ name: 'PaymentUndoneError' });
    expect(state()).toBe('refunded');
  });

  test('what the provider will not give is a final error', async () => {
    await authorize();
    memory.refuseCaptures();
    await expect(capture()).rejects.toMatchObject({ name: 'CaptureRefusedError' });
  });
});

describe('undoing', () => {
  test('nothing is fine', async () => {
    await undo();
    expect(memory.calls).toEqual([]);
  });

  test('an authorization voids it', async () => {
    await authorize();
    await undo();
    expect(state()).toBe('voided');
  });

  test('a capture refunds it, and says how much', async () => {
    await authorize();
    await capture();
    await undo();
    expect(state()).toBe('refunded');
    expect(await records.beginUndo(orderId)).toMatchObject({ undo: 'done', refunded: amount });
  });

  test('twice asks the provider once', async () => {
    await authorize();
    await undo();
    await undo();
    expect(memory.calls).toEqual(['authorize', 'void']);
  });

  test('an authorization whose answer was lost finds and voids it', async () => {
    memory.loseAnswerTo('authorize');
    await expect(authorize()).rejects.toThrow('lost');
    await undo();
    expect(state()).toBe('voided');
  });

  test('a capture that was never written down finds out and refunds it', async () => {
    await authorize();
    await expect(capture(dyingRecords(records, 'captured'))).rejects.toThrow('died');
    await undo();
    expect(state()).toBe('refunded');
  });

  test('again after dying in the middle finishes it', async () => {
    await authorize();
    await capture();
    await expect(undo(dyingRecords(records, 'endUndo'))).rejects.toThrow('died');
    await undo();
    expect(state()).toBe('refunded');
  });

  test('a declined payment does not bother the provider', async () => {
    await records.beginAttempt(orderId, 'memory', amount);
    await records.settle(orderId, { status: 'declined' });
    await undo();
    expect(memory.calls).toEqual([]);
  });
});
