import type { Money } from '../money/money.ts';
import { endingName } from '../orders/ending.ts';
import { type AnalyticsEvent, schemaVersion } from './event.ts';

/** The end of a checkout or a reversal. */
export interface OrderEnd {
  readonly orderId: string;
  readonly userId: string;
  readonly type: 'order.paid' | 'order.failed';
  readonly outcome?: 'allocated' | 'partial' | undefined;
  /** What was paid; executions that began before it was passed on have none. */
  readonly total?: Money | undefined;
  readonly failureCode?: string | undefined;
}

/** The id follows from the order and its end, so that a repetition is known as one. */
export function orderEvent(end: OrderEnd, at: Date): AnalyticsEvent {
  const { orderId, userId, outcome, total, failureCode } = end;
  const type = end.type === 'order.paid' ? end.type : (`order.${endingName(failureCode)}` as const);
  return {
    schemaVersion,
    eventId: `${orderId}#${type}`,
    type,
    occurredAt: at.toISOString(),
    source: 'checkout',
    userId,
    orderId,
    ...(outcome ? { outcome } : {}),
    ...(failureCode ? { reason: failureCode } : {}),
    ...(total ? { amount: total.amount, currency: total.currency } : {}),
    properties: {},
  };
}
