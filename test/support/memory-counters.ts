import { TransientError } from '../../shared/errors.ts';
import type { Applied, CounterStore } from '../../shared/insights/counter-store.ts';
import { maximumActions } from '../../shared/insights/counter-store.ts';
import { type Counter, sumCounters } from '../../shared/insights/counters.ts';
import { byKey } from './order-histories.ts';

/** Counters in memory, under the same rules as the real store. */
export function memoryCounters(options: { isBusy?: () => boolean } = {}) {
  const marks = new Map<string, Applied>();
  let counters: Counter[] = [];
  const largest = { actions: 0 };
  const store: CounterStore = {
    async findApplied(orderIds) {
      return new Map(
        orderIds.flatMap((id) => {
          const mark = marks.get(id);
          return mark ? [[id, mark] as const] : [];
        }),
      );
    },
    async apply(orders, moves) {
      largest.actions = Math.max(largest.actions, orders.length + moves.length);
      if (orders.length + moves.length > maximumActions) throw new Error('too many actions');
      if (options.isBusy?.()) throw new TransientError('busy');
      if (orders.some(({ orderId, before }) => marks.get(orderId)?.version !== before)) return false;
      for (const { orderId, applied } of orders) marks.set(orderId, applied);
      counters = sumCounters([...counters, ...moves]);
      return true;
    },
  };
  return { store, marks, largest, counts: () => byKey(counters) };
}
