import { lowStockEvent } from '../../../shared/analytics/low-stock-event.ts';
import { type OrderEnd, orderEvent } from '../../../shared/analytics/order-event.ts';
import { recordUiEvents, uiEventsRequest } from '../../../shared/analytics/ui-events.ts';
import { testEffects } from '../effects.ts';
import type { Arrival } from '../event-lake.ts';
import { fakeStream } from '../privacy-fakes.ts';

/** Events of a shop's days, made by the producers themselves. Times are `2026-03-01 12:00`, UTC. */
export function eventsOfDays() {
  const arrivals: Arrival[] = [];
  const timeOf = (time: string) => new Date(`${time.replace(' ', 'T')}:00.000Z`);
  const arrive = (event: Arrival['event'], day = event.occurredAt.slice(0, 10)) =>
    arrivals.push({ day, event });
  const ends = (over: Omit<OrderEnd, 'userId'> & { userId?: string }, time: string) =>
    arrive(orderEvent({ userId: 'ann', ...over }, timeOf(time)));
  return {
    arrivals,
    paid: (
      orderId: string,
      amount: number,
      time: string,
      over: { userId?: string; currency?: string } = {},
    ) => {
      const { currency = 'USD', ...rest } = over;
      ends({ orderId, type: 'order.paid', outcome: 'allocated', total: { amount, currency }, ...rest }, time);
    },
    /** Failed, cancelled or refunded, by the code. */
    ended: (orderId: string, failureCode: string, time: string, over: { userId?: string } = {}) =>
      ends({ orderId, type: 'order.failed', failureCode, ...over }, time),
    low: (productId: string, availableCount: number, time: string) =>
      arrive(
        lowStockEvent({
          productId,
          name: 'Mug',
          availableCount,
          lowStockThreshold: 5,
          since: timeOf(time).toISOString(),
        }),
      ),
    saw: async (type: string, time: string, { userId, day }: { userId?: string; day?: string } = {}) => {
      const stream = fakeStream();
      const at = timeOf(time).toISOString();
      const request = uiEventsRequest.parse({ events: [{ type, at, properties: { place: 2 } }] });
      await recordUiEvents(request, userId, { stream, effects: testEffects(at) });
      for (const event of stream.events) arrive(event, day);
    },
  };
}
