import type { CheckoutHealth } from '../../shared/orders/checkout-watch.ts';
import type { Order } from '../../shared/orders/order.ts';
import { driveOn, repair, startMissing } from '../../shared/orders/reconcile.ts';
import type { PaymentRecord } from '../../shared/payments/payment-record.ts';
import { auditRepair, type Examination, type Finding } from './doctor.ts';
import { clearMarks, finishUndo } from './finish-undo.ts';

/** An order as it stands while no execution works on it. */
export interface OrderSeen {
  readonly order: Order;
  readonly payment: PaymentRecord | undefined;
  /** How its checkout ended. */
  readonly health: Exclude<CheckoutHealth, 'running'>;
}

const entityOf = (orderId: string) => ({ type: 'order', id: orderId }) as const;

/** Money may be at the provider that belongs to nobody, once the order has ended. */
export function isOpenPayment({ status, undo }: PaymentRecord): boolean {
  if (undo !== undefined) return undo === 'started';
  return status === 'authorizing' || status === 'authorized' || status === 'captured';
}

/** Audits a repair that has come about. */
function audited(
  kind: Finding['kind'],
  orderId: string,
  examination: Examination,
  fix: () => Promise<string | undefined>,
): () => Promise<string | undefined> {
  return async () => {
    const done = await fix();
    if (done !== undefined) await auditRepair(examination, entityOf(orderId), kind);
    return done;
  };
}

export function stuckReversal({ order }: OrderSeen, examination: Examination): Finding {
  const { orderId, reversing } = order;
  return {
    kind: 'stuck_reversal',
    entity: entityOf(orderId),
    detail: `the ${reversing} of order ${orderId} is not done, and no execution works on it`,
    advice: 'Run with --fix: it is started again, once an hour. When it fails again, read its execution.',
    fix: audited('stuck_reversal', orderId, examination, async () => {
      const { reconcile, clock, graceMilliseconds } = examination;
      const now = clock.now();
      const deed = await driveOn(orderId, new Date(now.getTime() - graceMilliseconds), now, reconcile);
      return deed && `order ${orderId}: ${reversing} started again`;
    }),
  };
}

export function orphanPayment({ order, payment }: OrderSeen, examination: Examination): Finding {
  const { orderId, status } = order;
  return {
    kind: 'orphan_payment',
    entity: entityOf(orderId),
    detail: `payment ${payment?.paymentId ?? '(id unknown)'} of order ${orderId} is ${stateOf(payment)}, the order ${status}`,
    advice: 'Run with --fix: the provider is asked to void or refund it, as far as it had come.',
    fix: audited('orphan_payment', orderId, examination, async () => {
      await finishUndo(order, examination);
      return `order ${orderId}: payment undone`;
    }),
  };
}

export function orphanOfNoOrder(orderId: string, examination: Examination): Finding {
  return {
    kind: 'orphan_payment',
    entity: entityOf(orderId),
    detail: `a payment of order ${orderId} is open, and there is no such order`,
    advice: 'Run with --fix: the provider is asked to void or refund it.',
    fix: audited('orphan_payment', orderId, examination, async () => {
      await finishUndo({ orderId }, examination);
      return `order ${orderId}: payment undone`;
    }),
  };
}

export function stuckOrder({ order, health }: OrderSeen, examination: Examination): Finding {
  const { orderId, status, updatedAt } = order;
  const isUnstarted = health === 'missing' && status === 'Pending';
  return {
    kind: 'stuck_order',
    entity: entityOf(orderId),
    detail: `order ${orderId} is ${status} since ${updatedAt}, and its checkout is ${health}`,
    advice: isUnstarted
      ? 'Run with --fix: its checkout is started.'
      : 'Run with --fix: it is reversed and ends Failed, with nothing held and nothing charged.',
    fix: audited('stuck_order', orderId, examination, async () => {
      const { reconcile, clock } = examination;
      const look = isUnstarted
        ? startMissing(orderId, clock.now(), reconcile)
        : repair(order, clock.now(), reconcile);
      const deed = await look;
      return deed && `order ${orderId}: ${deed === 'started' ? 'checkout' : 'reversal'} started`;
    }),
  };
}

export function unsoldOrder({ order }: OrderSeen, examination: Examination): Finding {
  const { orderId } = order;
  return {
    kind: 'stuck_order',
    entity: entityOf(orderId),
    detail: `order ${orderId} is Paid, but its stock went back to others or its payment is being undone`,
    advice: 'Run with --fix: it is reversed and its money given back.',
    fix: audited('stuck_order', orderId, examination, async () => {
      const deed = await repair(order, examination.clock.now(), examination.reconcile);
      return deed && `order ${orderId}: reversal started`;
    }),
  };
}

/** Stock without a trace is no reason to take an order back from a customer who has paid it. */
export function unexplainedOrder({ orderId }: Order): Finding {
  return {
    kind: 'stuck_order',
    entity: entityOf(orderId),
    detail: `order ${orderId} is Paid, and of some of its stock there is no row`,
    advice:
      'Look at its products by point-in-time recovery, and adjust the stock; nothing is repaired by itself.',
  };
}

export function unpaidOrder({ order, payment }: OrderSeen): Finding {
  return {
    kind: 'unpaid_order',
    entity: entityOf(order.orderId),
    detail: `order ${order.orderId} is Paid, but its payment is ${stateOf(payment)}`,
    advice: 'Look the payment up at the provider before anything is shipped; nothing is repaired by itself.',
  };
}

export function markedForRepair({ orderId, status, repair: marks = [] }: Order, examination: Examination) {
  return {
    kind: 'marked_for_repair',
    entity: entityOf(orderId),
    detail: `order ${orderId} is ${status} with marks of ${marks.map(({ step }) => step).join(', ')}`,
    advice: 'Run with --fix: the undos are run again and the marks taken off when they come through.',
    fix: audited('marked_for_repair', orderId, examination, () => clearMarks(orderId, examination)),
  } satisfies Finding;
}

function stateOf(payment: PaymentRecord | undefined): string {
  if (!payment) return 'missing';
  const state = payment.status ?? 'not begun';
  return payment.undo === undefined ? state : `${state}, undo ${payment.undo}`;
}
