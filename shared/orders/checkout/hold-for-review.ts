import { appendMirrored } from '../../audit/audit-entry.ts';
import type { FraudReason } from '../../payments/fraud-reason.ts';
import { type Order, reviewTokensOf } from '../order.ts';
import { withStep } from '../order-changes.ts';
import { changeOrder } from '../order-store.ts';
import type { CheckoutPorts } from './ports.ts';

type HoldPorts = Pick<CheckoutPorts, 'orders' | 'checkouts' | 'effects' | 'audit'>;

/**
 * Puts the order on hold, with the token that a manager's decision answers and with the reasons from the record
 * of its payment; the staff are told of what is written. Should a former attempt's token have been answered already,
 * or the order been cancelled, this one is answered at once.
 */
export async function holdForReview(
  { orderId, taskToken }: { orderId: string; taskToken: string },
  ports: HoldPorts,
): Promise<void> {
  const now = ports.effects.clock.now();
  let reasons: readonly FraudReason[] = [];
  const store = {
    save: ports.orders.save,
    async find(id: string) {
      const found = await ports.orders.findWithPayment(id);
      reasons = found?.payment?.fraudReasons ?? [];
      return found?.order;
    },
  };
  const order = await changeOrder(store, orderId, (current) =>
    current.cancel ? undefined : onHold(current, reasons, taskToken, now),
  );
  const decision = order.cancel ? 'cancelled' : order.review?.decision;
  if (decision) {
    await ports.checkouts.resume(taskToken, { decision });
    return;
  }
  await appendMirrored(order, 'order.on_hold', ports.audit);
}

function onHold(order: Order, reasons: readonly FraudReason[], reviewToken: string, now: Date): Order {
  const why = reasons.length > 0 ? { fraudReasons: [...reasons] } : {};
  const others = reviewTokensOf(order).filter((token) => token !== reviewToken);
  const held = order.status === 'OnHold' ? order : withStep(order, 'OnHold', 'order.on_hold', now, why);
  return {
    ...held,
    reviewToken,
    ...(others.length > 0 ? { otherReviewTokens: others } : {}),
    ...why,
    flags: { ...order.flags, fraudFlag: true },
    updatedAt: now.toISOString(),
  };
}
