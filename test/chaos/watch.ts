import type { Violation } from './invariants/violations.ts';

type Row = Readonly<Record<string, unknown>>;

interface Tables {
  readonly orders: string;
  readonly inventory: string;
  peek(table: string, key: Row): Row | undefined;
  /** Whether an execution of the order has given its release up, of which an operator is told. */
  hasGivenUp(orderId: string): boolean;
}

/**
 * Rules that have to hold at every moment, and not only at rest: the reconciler would set right later, and so
 * hide, what must not come about at all. Looks at each write right after its effect.
 */
export function createWatch({ orders, inventory, peek, hasGivenUp }: Tables) {
  const found: Violation[] = [];
  const rowsOf = (order: Row) =>
    ((order.items ?? []) as { productId: string }[]).flatMap(({ productId }) => {
      const row = peek(inventory, { pk: `PRODUCT#${productId}`, sk: `ORDER#${String(order.orderId)}` });
      return row ? [row] : [];
    });

  const check = (orderId: string): void => {
    const order = peek(orders, { pk: `ORDER#${orderId}`, sk: 'ORDER' });
    if (order?.status !== 'Failed' && order?.status !== 'Cancelled') return;
    if (hasGivenUp(orderId)) return;
    for (const { state, quantity, productId } of rowsOf(order)) {
      if (state !== 'HELD' && state !== 'SOLD') continue;
      const what = `${String(order.status)}, and has ${String(quantity)} of ${String(productId)} ${String(state)}`;
      found.push({ rule: 'ended', about: orderId, what });
    }
  };

  const shut = new Map<string, string>();
  /** Once its undo has begun, no step of a payment comes any more. */
  const checkPayment = (orderId: string): void => {
    const { undo, state, attempts } = peek(orders, { pk: `ORDER#${orderId}`, sk: 'PAYMENT' }) ?? {};
    if (undo === undefined) return;
    const stands = `${String(state)}, attempts ${String(attempts)}`;
    const stood = shut.get(orderId) ?? stands;
    if (stands !== stood) {
      found.push({
        rule: 'undone',
        about: orderId,
        what: `its payment went from ${stood} to ${stands} after its undo`,
      });
    }
    shut.set(orderId, stands);
  };

  return {
    found,
    /** @param input of a write that was just done */
    wrote(input: Row): void {
      const actions = Array.isArray(input.TransactItems) ? (input.TransactItems as Row[]) : [{ Put: input }];
      const about = new Set<string>();
      for (const action of actions) {
        for (const change of Object.values(action) as Row[]) {
          const key = (change.Item ?? change.Key ?? {}) as Row;
          const isOrder = change.TableName === orders && key.sk === 'ORDER';
          if (change.TableName === orders && key.sk === 'PAYMENT')
            checkPayment(String(key.pk).slice('ORDER#'.length));
          const isStock = change.TableName === inventory && String(key.sk).startsWith('ORDER#');
          if (isOrder) about.add(String(key.pk).slice('ORDER#'.length));
          if (isStock) about.add(String(key.sk).slice('ORDER#'.length));
        }
      }
      for (const orderId of about) check(orderId);
    },
  };
}
