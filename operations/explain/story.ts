import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { Money } from '../../shared/money/money.ts';
import { endingCodeSchema } from '../../shared/orders/ending.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { OrderFacts, StockRow } from './facts.ts';

/** Something that happened, from one of the places that keep it. */
export interface StoryEvent {
  readonly at: string;
  readonly source: 'checkout' | 'reversal' | 'status' | 'audit' | 'stock';
  /** Who did it, by role and id; the workflow when absent. */
  readonly by?: string;
  readonly what: string;
}

/** What an order's stored facts tell, ready to be printed. It names no person but by id. */
export interface Story {
  readonly orderId: string;
  readonly status: string;
  readonly customerId: string | undefined;
  readonly price: readonly string[];
  readonly payment: readonly string[];
  readonly stock: readonly string[];
  readonly notifications: readonly string[];
  readonly marks: readonly string[];
  readonly events: readonly StoryEvent[];
}

/** Free text may name a person: it is said that there is one. */
const given = 'with a reason';

export function tellStory(facts: OrderFacts): Story {
  const { order, payment } = facts;
  return {
    orderId: facts.orderId,
    status: order?.status ?? 'not there (never placed, or deleted)',
    customerId: order?.userId,
    price: order ? priceLines(order) : [],
    payment: payment
      ? [
          `${payment.provider ?? 'no provider'}: ${payment.status ?? 'not begun'} after ${payment.attempts} ${payment.attempts === 1 ? 'attempt' : 'attempts'}`,
          ...(payment.paymentId === undefined ? [] : [`id at the provider ${payment.paymentId}`]),
          ...(payment.amount ? [`amount ${text(payment.amount)}`] : []),
          ...(payment.fraudFlag ? ['flagged as a suspected fraud'] : []),
          ...(payment.undo === undefined ? [] : [`undo ${payment.undo}`]),
          ...(payment.refunded ? [`given back ${text(payment.refunded)}`] : []),
        ]
      : ['none'],
    stock: facts.stock.filter(({ sk }) => sk.startsWith('ORDER#')).map(stockLine),
    notifications: facts.sent.map(
      ({ message, to, over, state }) => `${message} for the ${to} ${over}: ${state}`,
    ),
    marks: (order?.repair ?? []).map(({ step, at }) => `${step} could not be done, ${at}`),
    events: eventsOf(facts),
  };
}

/** Each line, what was taken off and by which code, and what prices were converted by. */
function priceLines({ items, pricing, promotion, exchange }: Order): string[] {
  return [
    ...items.map(({ productId, quantity, allocated, unitPrice, convertedFrom, status }) => {
      const converted = convertedFrom ? `, converted from ${text(convertedFrom)}` : '';
      return `${quantity} × ${productId} at ${text(unitPrice)}${converted}; ${status}, ${allocated} allocated`;
    }),
    ...(exchange ? [`rates of ${exchange.effectiveAt}, base ${exchange.base}`] : []),
    `subtotal ${text(pricing.subtotal)}`,
    ...(promotion
      ? [
          `discount ${text(pricing.discount)} by code ${promotion.code} (${promotion.kind} ${promotion.value})${promotion.released ? ', use given back' : ''}`,
        ]
      : []),
    `total ${text(pricing.total)}`,
  ];
}

function stockLine({ productId, quantity = 0, state = '' }: StockRow): string {
  return `${productId}: ${quantity} ${state}`;
}

const text = ({ amount, currency }: Money) => `${amount} ${currency} minor units`;

function eventsOf({ order, trail, stock, executions, orderId }: OrderFacts): StoryEvent[] {
  const events: StoryEvent[] = [
    ...(order?.timeline ?? []).map(({ status, at, by }) => ({
      at,
      source: 'status' as const,
      by,
      what: `becomes ${status}`,
    })),
    ...trail.map(auditEvent),
    ...stock.flatMap(stockEvents),
    ...executions.flatMap(({ name, events: steps }) =>
      steps.map(({ at, state, what }) => ({
        at,
        source: name === orderId ? ('checkout' as const) : ('reversal' as const),
        what:
          name === orderId
            ? `${state} ${what}`.trim()
            : `${name.slice(orderId.length + 1)}: ${state} ${what}`,
      })),
    ),
  ];
  // Stable: what happened at one instant stays in the order of its source.
  return events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function auditEvent({ at, action, actor, reason, requestId }: AuditEntry): StoryEvent {
  // The workflow quotes the reason of a cancellation, which is a person's; its own are codes.
  const code = actor.role === 'System' && endingCodeSchema.safeParse(reason).success;
  const why = reason === undefined ? '' : code ? ` (${reason})` : ` ${given}`;
  const request = requestId === undefined ? '' : `, request ${requestId}`;
  const by = actor.role === 'System' ? actor.id : `${actor.role} ${actor.id}`;
  return { at, source: 'audit', by, what: `${action}${why}${request}` };
}

function stockEvents(row: StockRow): StoryEvent[] {
  const { productId, quantity = 0, delta = 0, sk } = row;
  const event = (at: string | undefined, what: string): StoryEvent[] =>
    at === undefined ? [] : [{ at, source: 'stock', what }];
  if (sk.startsWith('RETURN#')) return event(row.at, `${delta} × ${productId} back in stock`);
  return [
    ...event(row.heldAt, `${quantity} × ${productId} held`),
    ...event(row.at, `${-delta} × ${productId} sold`),
    ...event(row.releasedAt, `${productId} released`),
  ];
}

/** The story as a report for people. */
export function storyLines(story: Story): string[] {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
  return [
    `Order ${story.orderId}: ${story.status}`,
    ...(story.customerId === undefined ? [] : [`Customer ${story.customerId}`]),
    ...section('Price', story.price),
    ...section('Payment', story.payment),
    ...section('Stock now', story.stock),
    ...section('Notifications', story.notifications),
    ...section('Marked for repair', story.marks),
    ...section(
      'What happened',
      story.events.map(
        ({ at, source, by, what }) =>
          `${at}  ${source.padEnd(8)}  ${what}${by === undefined ? '' : `  by ${by}`}`,
      ),
    ),
  ];
}
