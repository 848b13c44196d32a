import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { createAuditTrail } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { createOnceStore } from '../../shared/adapters/dynamodb/once-store.ts';
import { orderToItem } from '../../shared/adapters/dynamodb/order-item.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createPaymentReader, createPaymentRecords } from '../../shared/adapters/dynamodb/payment-records.ts';
import { createStripeEventReader } from '../../shared/adapters/stripe/webhook-events.ts';
import type { Notification } from '../../shared/notifications/notifier.ts';
import type { Order } from '../../shared/orders/order.ts';
import { authorizePayment, capturePayment, undoPayment } from '../../shared/payments/pay.ts';
import { reconcilePayment } from '../../shared/payments/reconcile-payment.ts';
import { receivePaymentEvent } from '../../shared/payments/webhook.ts';
import { anOrder } from './builders/order.ts';
import { startDynamo } from './dynamo.ts';
import type { StripeEvent } from './stripe-double.ts';
import { doubleSecret, stripeOverNetwork } from './stripe-network.ts';

/** Our side of payments as it is deployed, on a real DynamoDB engine, with Stripe's double on the other side. */
async function startStripeShop() {
  const dynamo = await startDynamo('orders', 'audit', 'idempotency');
  const { client } = dynamo;
  const tables = { orders: dynamo.table('orders'), audit: dynamo.table('audit') };
  let count = 0;
  return {
    stop: dynamo.stop,
    /** A new order, at a Stripe that has seen nothing yet. */
    async order(overrides: Partial<Order> = {}) {
      const orderId = `order-${++count}`;
      const stripe = stripeOverNetwork(`${orderId}-`);
      const order = anOrder({ orderId, ...overrides });
      const amount = order.pricing.total;
      await client.send(new PutCommand({ TableName: tables.orders, Item: orderToItem(order) }));
      const orders = createOrderStore(client, tables, { random: () => 0.5, sleep: async () => undefined });
      const records = createPaymentRecords(client, tables.orders);
      const reader = createPaymentReader(client, tables.orders);
      const notified: Notification[] = [];
      let alertFails = false;
      const clock = { now: stripe.now };
      const payments = { records, provider: stripe.provider, clock };
      const reconcile = (paymentId: string) =>
        reconcilePayment(paymentId, {
          provider: stripe.provider,
          records: { ...records, ...reader },
          lookup: stripe.lookup,
          orders,
          audit: createAuditTrail(client, tables.audit),
          notifier: {
            async publish(notification) {
              if (alertFails) {
                alertFails = false;
                throw new Error('the topic is not there');
              }
              notified.push(notification);
            },
          },
          once: createOnceStore(client, dynamo.table('idempotency')),
          clock,
        });
      const readEvent = createStripeEventReader(async () => doubleSecret, stripe.now);
      const found = async () => {
        const both = await orders.findWithPayment(orderId);
        if (!both) throw new Error('the order is gone');
        return both;
      };
      return {
        ...stripe,
        orderId,
        amount,
        records,
        notified,
        failNextAlert() {
          alertFails = true;
        },
        reconcile,
        authorize: (paymentMethod = 'pm_card_visa') =>
          authorizePayment(payments, { orderId, amount, paymentMethod }),
        async capture() {
          const { paymentId } = (await reader.find(orderId)) ?? {};
          await capturePayment(payments, { orderId, paymentId, amount });
        },
        undo: () => undoPayment(payments, orderId),
        /** What the checkout writes to an order once its money is back. */
        async showRefund() {
          const { order: current } = await found();
          await orders.save({ ...current, paymentInfo: { ...current.paymentInfo, refunded: amount } });
        },
        /** Delivers an event as Stripe does, signed. */
        async deliver(event: StripeEvent, once = createOnceStore(client, dynamo.table('idempotency'))) {
          const { body, headers } = stripe.double.sign(event);
          const signature = headers['Stripe-Signature'] ?? '';
          await receivePaymentEvent({ rawBody: body, signature }, { readEvent, reconcile, once, clock });
        },
        async deliverAll() {
          for (const event of stripe.double.events()) await this.deliver(event);
        },
        /** What the customer and the staff see. */
        shown: async () => (await found()).order.paymentInfo,
        trail: async () => (await found()).order.auditLogs.map(({ action }) => action),
        record: async () => (await found()).payment,
        /** The order's money at Stripe. */
        money: () => stripe.double.ledger(orderId),
      };
    },
  };
}

type StripeShop = Awaited<ReturnType<typeof startStripeShop>>;
export type StripeOrder = Awaited<ReturnType<StripeShop['order']>>;

/** Opens the shop for a test file, and hands it a new order before each of its tests. */
export function withStripeOrders(take: (order: StripeOrder) => void): void {
  let shop: StripeShop;
  beforeAll(async () => {
    shop = await startStripeShop();
  });
  afterAll(() => shop.stop());
  beforeEach(async () => take(await shop.order()));
  afterEach(() => vi.unstubAllGlobals());
}
