import { isDeepStrictEqual } from 'node:util';
import { createCounterStore } from '../../shared/adapters/dynamodb/counter-store.ts';
import { countOrders } from '../../shared/insights/count-orders.ts';
import type { CounterStore } from '../../shared/insights/counter-store.ts';
import { type OrderFacts, orderFacts } from '../../shared/insights/sales-facts.ts';
import type { Order } from '../../shared/orders/order.ts';
import { retryEffects } from '../support/stage.ts';
import { auditRepair, type Check, type Examination, type Finding, isSettledSince } from './doctor.ts';

const ordersPerLook = 100;

/** Every order is counted as it stands. What the stream could not hand over is counted anew from the order. */
export const checkInsights: Check = async (examination) => {
  const { target, tables } = examination;
  const store = createCounterStore(target.dynamo, tables.insights, retryEffects);
  const findings: Finding[] = [];
  for await (const page of examination.scan('orders')) {
    const facts = page.flatMap((item) => factsOf(item, examination) ?? []);
    for (let start = 0; start < facts.length; start += ordersPerLook) {
      const suspects = await uncounted(facts.slice(start, start + ordersPerLook), store);
      for (const { orderId } of suspects) {
        if (await isStillUncounted(orderId, store, examination)) {
          findings.push(findingOf(orderId, store, examination));
        }
      }
    }
  }
  return findings;
};

function factsOf(item: Record<string, unknown>, examination: Examination): OrderFacts | undefined {
  if (item.sk !== 'ORDER' || !isSettledSince(examination, String(item.updatedAt))) return undefined;
  try {
    return orderFacts(item);
  } catch {
    // An order that cannot be read is a finding of its own.
    return undefined;
  }
}

async function uncounted(facts: readonly OrderFacts[], store: CounterStore): Promise<OrderFacts[]> {
  const marks = await store.findApplied(facts.map(({ orderId }) => orderId));
  return facts.filter((order) => {
    const mark = marks.get(order.orderId);
    return !mark || (mark.version < order.version && !isDeepStrictEqual(mark.facts, order.facts));
  });
}

async function currentFacts(orderId: string, { reconcile }: Examination): Promise<OrderFacts | undefined> {
  const order: Order | undefined = await reconcile.orders.find(orderId);
  return order && orderFacts(order);
}

async function isStillUncounted(orderId: string, store: CounterStore, examination: Examination) {
  const facts = await currentFacts(orderId, examination);
  return facts !== undefined && (await uncounted([facts], store)).length > 0;
}

function findingOf(orderId: string, store: CounterStore, examination: Examination): Finding {
  const entity = { type: 'order', id: orderId } as const;
  return {
    kind: 'insights_drift',
    entity,
    detail: `order ${orderId} is not counted in reports as it stands`,
    advice:
      'Run with --fix: the order is counted anew. See whether the insights’ dead-letter queue has messages.',
    async fix() {
      const facts = await currentFacts(orderId, examination);
      if (!facts || (await uncounted([facts], store)).length === 0) return undefined;
      const left = await countOrders([facts], store);
      if (left.size > 0) throw new Error(`Order ${orderId} cannot be counted now`);
      await auditRepair(examination, entity, 'insights_drift');
      return `order ${orderId}: counted`;
    },
  };
}
