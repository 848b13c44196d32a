/** A column of the envelope that an event of some types carries. */
type Fact =
  | 'userId'
  | 'orderId'
  | 'productId'
  | 'outcome'
  | 'reason'
  | 'amount'
  | 'currency'
  | 'available'
  | 'threshold';

interface EventTypeDefinition {
  readonly source: 'checkout' | 'stock' | 'ui';
  /** Every event of the type has these. */
  readonly facts: readonly Fact[];
  /** Some have these, too. */
  readonly also?: readonly Fact[];
}

/** Every type of event; `ui.*` stands for what clients name themselves. docs/analytics.md tells when each is made. */
export const eventTypes = {
  'order.paid': {
    source: 'checkout',
    facts: ['userId', 'orderId'],
    also: ['outcome', 'amount', 'currency'],
  },
  'order.failed': { source: 'checkout', facts: ['userId', 'orderId'], also: ['reason'] },
  'order.cancelled': { source: 'checkout', facts: ['userId', 'orderId'], also: ['reason'] },
  'order.refunded': { source: 'checkout', facts: ['userId', 'orderId'], also: ['reason'] },
  'stock.low': { source: 'stock', facts: ['productId', 'available', 'threshold'] },
  'ui.*': { source: 'ui', facts: [], also: ['userId'] },
} as const satisfies Record<string, EventTypeDefinition>;

/** Of the steps before an order, those that the funnel asks for; clients are to use these names. */
export const funnelTypes = ['product.viewed', 'cart.added'] as const;

/** The row of a type in the table; none of one that nobody may send. */
export function definitionOf(type: string): EventTypeDefinition | undefined {
  const row = /^ui\../.test(type) ? 'ui.*' : type;
  return Object.entries(eventTypes).find(([name]) => name === row)?.[1];
}
