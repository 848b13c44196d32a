import { money, multiply, sum } from '../money/money.ts';
import { type DiscountTerms, discountOf } from '../promotions/promotion.ts';
import type { OrderItem, Pricing } from './order.ts';

type PricedLine = Pick<OrderItem, 'unitPrice'> & { readonly quantity: number };

/** Subtotal, discount and total of lines in one currency, in minor units. The total is never below zero. */
export function priceOrder(
  lines: readonly PricedLine[],
  currency: string,
  promotion: DiscountTerms | undefined,
): Pricing {
  const subtotal = sum(
    lines.map((line) => multiply(line.unitPrice, line.quantity)),
    currency,
  );
  const discount = discountOf(promotion, subtotal);
  return { subtotal, discount, total: money(subtotal.amount - discount.amount, currency) };
}
