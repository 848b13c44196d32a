import { Problem } from '../api/problem.ts';
import type { Effects } from '../effects.ts';
import type { User } from '../identity/user.ts';
import { describePaymentMethod } from '../payments/sandbox-methods.ts';
import { refusal, termsOf } from '../promotions/promotion.ts';
import { type PromotionReader, promoInvalid } from '../promotions/promotion-store.ts';
import type { Order } from './order.ts';
import type { OrderBody } from './order-schemas.ts';

/** How the order is paid: a saved method by its id, or a token. @throws Problem payment_method_required */
export function choosePaymentMethod(user: User, { paymentMethod }: OrderBody): Order['paymentMethod'] {
  const saved = user.paymentMethods.find((method) =>
    paymentMethod && 'id' in paymentMethod
      ? method.id === paymentMethod.id
      : method.token === paymentMethod?.token,
  );
  if (saved) {
    const { id, token, brand, last4 } = saved;
    return { id, token, brand, last4 };
  }
  if (paymentMethod && 'token' in paymentMethod) {
    const { token } = paymentMethod;
    return { token, ...describePaymentMethod(token) };
  }
  const [path, message] = paymentMethod
    ? ['/paymentMethod/id', 'is not a payment method of the profile']
    : ['/paymentMethod', 'is required'];
  throw new Problem('payment_method_required', 'Name a payment method, by token or by id.', {
    errors: [{ path, message }],
  });
}

/** The terms of the code that the customer gave, if any. @throws Problem promo_invalid */
export async function choosePromotion(
  user: User,
  code: string | undefined,
  { subtotal }: { subtotal: Order['pricing']['subtotal'] },
  { promotions, effects }: { promotions: Pick<PromotionReader, 'find'>; effects: Pick<Effects, 'clock'> },
) {
  if (code === undefined) return undefined;
  // The limits are left to the transaction that places the order: only it counts exactly.
  const promotion = await promotions.find(code);
  const reason = refusal(promotion, { subtotal, shopper: user, now: effects.clock.now() });
  if (!promotion || reason) throw promoInvalid(reason ?? 'unknown');
  return termsOf(promotion);
}
