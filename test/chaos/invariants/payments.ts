import { paymentRow } from '../ledger.ts';
import { isPaidFor } from './books.ts';
import type { Settled, Violation } from './violations.ts';

/**
 * Money by the provider's own ledger: a paid order is charged once and exactly its total, any other has nothing
 * charged or reserved, and no charge is without an order.
 */
export function paymentViolations({ world, books }: Settled): Violation[] {
  const found: Violation[] = [];
  const { stripe } = world.provider;
  const usesStripe = books.orders.some(({ paymentInfo }) => paymentInfo.provider === 'stripe');
  for (const order of books.orders) {
    const { orderId, status, pricing, paymentInfo } = order;
    const say = (rule: string, what: string) =>
      found.push({ rule, about: orderId, what: `${status}: ${what}` });
    const record = paymentRow(world, orderId);
    if (isPaidFor(order)) {
      if (record?.state !== 'captured') say('record', `its payment record is ${record?.state ?? 'missing'}`);
      if (record?.undo !== undefined) say('record', `its payment is being undone (${record.undo})`);
      if (record?.amount && record.amount.amount !== pricing.total.amount) {
        say('record', `charged ${record.amount.amount}, its total is ${pricing.total.amount}`);
      }
    } else if (record && record.undo !== 'done') {
      say('record', `its payment record is ${record.state ?? 'empty'}, not undone`);
    }
    if (!usesStripe) continue;
    const { captured, net, held, authorizations } = stripe.ledger(orderId);
    const total = pricing.total.amount;
    const due = isPaidFor(order) ? total : 0;
    if (held !== 0) say('reserved', `${held} are still reserved on the card`);
    if (net !== due) say('charged', `${net} stay charged, not ${due}`);
    if (captured !== 0 && captured !== total) say('charged', `${captured} were taken, its total is ${total}`);
    if (authorizations > 1) say('authorized', `the card was asked ${authorizations} times`);
    const shown = paymentInfo.refunded?.amount ?? 0;
    const back = captured - net;
    if (!isPaidFor(order) && shown !== back && !order.repair) {
      say('refund', `${back} were given back, the order shows ${shown}`);
    }
  }
  for (const { id, metadata, status } of stripe.intents()) {
    const isLive = status === 'requires_capture' || status === 'succeeded';
    if (isLive && !books.byId.has(metadata.orderId ?? '')) {
      found.push({ rule: 'orphan', about: id, what: `${status} for an order that is not there` });
    }
  }
  return found;
}
