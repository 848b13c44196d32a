import type { MeasuredEvent, Measurement } from '../observability/metrics.ts';
import type { OrderStatus } from '../orders/status.ts';
import type { Progress } from './count-orders.ts';
import { type OrderLife, repairStep } from './order-life.ts';

const countedStatuses: Readonly<Partial<Record<OrderStatus, string>>> = {
  Pending: 'OrdersPlaced',
  AwaitingProfile: 'OrdersAwaitingProfile',
  OnHold: 'OrdersHeld',
  Shipped: 'OrdersShipped',
  Delivered: 'OrdersDelivered',
  Cancelled: 'OrdersCancelled',
  Refunded: 'OrdersRefunded',
};
/** Endings for which the provider answered no, or not at all. */
const paymentFailures: readonly string[] = ['payment_declined', 'payment_blocked', 'payment_unavailable'];
const waiting: readonly OrderStatus[] = ['AwaitingProfile', 'OnHold'];

/** What is new of an order, in numbers for the business. Amounts are minor units of their currency. */
export function measure(order: OrderLife, { milestones, givenBack }: Progress): MeasuredEvent[] {
  const about = { orderId: order.orderId };
  const { currency } = order.pricing.total;
  const events = [
    ...milestones.flatMap((milestone) => eventsOf(order, milestone)),
    // Below zero when a refund failed and the money is with us again, so that the sum is what was given back.
    ...(givenBack === 0 ? [] : [amount('AmountRefunded', { amount: givenBack, currency })]),
  ];
  return events.map((event) => ({ ...event, about }));
}

function eventsOf(order: OrderLife, milestone: string): MeasuredEvent[] {
  if (milestone === 'Paid') return paid(order);
  if (milestone === 'Failed') return failed(order);
  const step = repairStep(milestone);
  if (step !== undefined) return [{ measurements: [count('RepairsNeeded')], by: { step } }];
  const entry = Object.entries(countedStatuses).find(([status]) => status === milestone);
  return entry ? [{ measurements: [count(entry[1])] }] : [];
}

function paid(order: OrderLife): MeasuredEvent[] {
  const { total } = order.pricing;
  const { currency } = total;
  return [
    { measurements: [count('OrdersPaid')], by: { currency } },
    amount('AmountPaid', total),
    // Nothing is charged for an order that a promotion made free.
    { measurements: [...secondsToPaid(order), ...(total.amount > 0 ? payment(order, 0) : [])] },
    ...(order.flags.partialFulfillment && order.status !== 'Cancelled' && order.status !== 'Failed'
      ? lost(order, (item) => item.quantity - item.allocated)
      : []),
  ];
}

function failed(order: OrderLife): MeasuredEvent[] {
  const reason = order.failure?.code ?? 'internal';
  return [
    { measurements: [count('OrdersFailed')], by: { reason } },
    ...(paymentFailures.includes(reason) ? [{ measurements: payment(order, 1) }] : []),
    ...(reason === 'out_of_stock' ? lost(order, (item) => item.quantity) : []),
  ];
}

/** 1 for a payment that failed and 0 for one that did not: the average is the share of failures. */
function payment({ paymentInfo }: OrderLife, failure: 0 | 1): Measurement[] {
  return [count('PaymentAttempts', paymentInfo.attempts), count('PaymentFailure', failure)];
}

/** From placing to paid, of orders that nobody kept waiting. */
function secondsToPaid({ timeline }: OrderLife): Measurement[] {
  if (timeline.some(({ status }) => waiting.includes(status))) return [];
  const at = (wanted: OrderStatus) => timeline.find(({ status }) => status === wanted)?.at;
  const [placedAt, paidAt] = [at('Pending'), at('Paid')];
  if (placedAt === undefined || paidAt === undefined) return [];
  const value = Math.max(0, Date.parse(paidAt) - Date.parse(placedAt)) / 1000;
  return [{ name: 'SecondsToPaid', unit: 'Seconds', value }];
}

/** What was ordered and could not be sold for want of stock, at the prices of the order's lines. */
function lost(order: OrderLife, unitsOf: (item: OrderLife['items'][number]) => number): MeasuredEvent[] {
  const units = order.items.reduce((sum, item) => sum + unitsOf(item), 0);
  const value = order.items.reduce((sum, item) => sum + unitsOf(item) * item.unitPrice.amount, 0);
  const { currency } = order.pricing.total;
  return [
    { measurements: [count('UnitsLostToStock', units)] },
    amount('AmountLostToStock', { amount: value, currency }),
  ];
}

function amount(name: string, money: { amount: number; currency: string }): MeasuredEvent {
  const measurements: Measurement[] = [{ name, unit: 'NoUnit', value: money.amount }];
  return { measurements, by: { currency: money.currency }, onlyBy: true };
}

function count(name: string, value = 1): Measurement {
  return { name, unit: 'Count', value };
}
