import type * as z from 'zod';
import type { ProductReader } from '../catalogue/product-store.ts';
import { productView } from '../catalogue/product-view.ts';
import type { Clock } from '../effects.ts';
import { missingProfileFields } from '../identity/profile-completeness.ts';
import type { User } from '../identity/user.ts';
import type { ExchangeRates, RateTable } from '../money/exchange.ts';
import { termsOf } from '../promotions/promotion.ts';
import { type PromotionReader, refusalNow } from '../promotions/promotion-store.ts';
import { chooseAddress, type PricedLine, priceLines } from './order-lines.ts';
import type { checkBodySchema, checkViewSchema } from './order-schemas.ts';
import { priceOrder } from './price-order.ts';

const alternativesPerLine = 3;

export interface CheckPorts {
  readonly products: ProductReader;
  readonly promotions: PromotionReader;
  readonly rates: ExchangeRates;
  readonly clock: Clock;
}

type CheckView = z.input<typeof checkViewSchema>;

/**
 * What an order would meet if it were placed now. Writes nothing and holds nothing: ValidateOrder decides.
 * @throws Problem product_unknown · currency_unsupported · address_unknown
 */
export async function checkOrder(
  user: User,
  body: z.output<typeof checkBodySchema>,
  ports: CheckPorts,
): Promise<CheckView> {
  const address = chooseAddress(user, body.addressLabel);
  const market = { currency: body.currency, region: address?.country };
  const now = ports.clock.now();
  const { lines, currency, exchange } = await priceLines(body.items, market, now, ports);
  const { pricing, promo } = await price(user, lines, currency, body.promoCode, ports);
  const missing = missingProfileFields(user);
  const checked = await Promise.all(
    lines.map((line) => checkLine(line, { currency, rates: exchange }, ports.products)),
  );
  const isProfileComplete = missing.length === 0;
  return {
    ready:
      isProfileComplete && promo?.valid !== false && checked.every((line) => line.status === 'available'),
    profile: { isProfileComplete, missing, prompt: !isProfileComplete && !user.profileCompletionPrompted },
    lines: checked,
    pricing,
    ...(promo ? { promo } : {}),
    ...(user.preferredPaymentMethod === undefined
      ? {}
      : { preferredPaymentMethod: user.preferredPaymentMethod }),
    ...(address ? { defaultAddress: address } : {}),
  };
}

async function price(
  user: User,
  lines: readonly PricedLine[],
  currency: string,
  code: string | undefined,
  { promotions, clock }: CheckPorts,
): Promise<Pick<CheckView, 'pricing' | 'promo'>> {
  const full = priceOrder(lines, currency, undefined);
  if (code === undefined) {
    return { pricing: full };
  }
  const promotion = await promotions.find(code);
  const context = { subtotal: full.subtotal, shopper: user, now: clock.now() };
  const reason = await refusalNow(promotion, context, promotions);
  if (!promotion || reason) {
    return { pricing: full, promo: { code, valid: false, reason: reason ?? 'unknown' } };
  }
  return { pricing: priceOrder(lines, currency, termsOf(promotion)), promo: { code, valid: true } };
}

async function checkLine(
  { product, quantity, unitPrice }: PricedLine,
  market: { currency: string; rates: RateTable | undefined },
  products: ProductReader,
): Promise<CheckView['lines'][number]> {
  const available = Math.max(0, Math.min(quantity, product.availableCount));
  const isWhole = available === quantity;
  const others = isWhole
    ? []
    : await products.alternatives(product.category, [product.productId], alternativesPerLine);
  return {
    productId: product.productId,
    requested: quantity,
    available,
    status: isWhole ? 'available' : available > 0 ? 'partial' : 'out_of_stock',
    lowStock: product.availableCount <= product.lowStockThreshold,
    unitPrice,
    alternatives: others.flatMap((other) => productView(other, market) ?? []),
  };
}
