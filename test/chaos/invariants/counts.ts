import { orderFacts } from '../../../shared/insights/sales-facts.ts';
import { rows } from '../ledger.ts';
import type { Settled, Violation } from './violations.ts';

/** The reports' counters are those of the orders as they stand, unless the stream's queue tells of losses. */
export function countViolations({ world, books }: Settled): Violation[] {
  if (world.streams.lostBy('insights').length > 0) return [];
  const expected = new Map<string, number>();
  for (const order of books.orders) {
    const { day, status, currency } = orderFacts(order).facts;
    const key = `${day}#${status}#${currency}`;
    expected.set(key, (expected.get(key) ?? 0) + 1);
  }
  const counted = new Map(
    rows(world, 'INSIGHTS_TABLE')
      .filter(({ pk, orders }) => String(pk).startsWith('SALES#') && orders !== 0)
      .map(({ sk, orders }) => [String(sk), Number(orders)]),
  );
  return [...new Set([...expected.keys(), ...counted.keys()])].flatMap((key) => {
    const [is, due] = [counted.get(key) ?? 0, expected.get(key) ?? 0];
    return is === due
      ? []
      : [{ rule: 'insights', about: key, what: `counts ${is} orders, ${due} there are` }];
  });
}
