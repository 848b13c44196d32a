import { rows } from '../ledger.ts';
import { isUnsold } from './books.ts';
import type { Settled, Violation } from './violations.ts';

/** held + free + sold = initial stock + adjustments, product by product, by counters, rows and ledger alike. */
export function stockViolations({ world, shop, books }: Settled): Violation[] {
  const found: Violation[] = [];
  const products = rows(world, 'PRODUCTS_TABLE');
  for (const productId of shop.productIds) {
    const product = products.find((row) => row.productId === productId);
    const own = books.stock.filter(({ pk }) => pk === `PRODUCT#${productId}`);
    const sum = (of: (row: (typeof own)[number]) => boolean, field: string) =>
      own.filter(of).reduce((total, row) => total + Number(row[field] ?? 0), 0);
    const stocked = sum(({ sk }) => String(sk).startsWith('ADJUST#'), 'delta');
    const held = sum(({ state }) => state === 'HELD', 'quantity');
    const sold = sum(({ state }) => state === 'SOLD', 'quantity');
    const ledger = sum(({ ledgerKey }) => ledgerKey !== undefined, 'delta');
    const { stockCount, availableCount } = product as { stockCount: number; availableCount: number };
    const say = (rule: string, what: string) => found.push({ rule, about: productId, what });
    if (availableCount < 0) say('stock', `free is ${availableCount}`);
    if (held + availableCount + sold !== stocked) {
      say('stock', `held ${held} + free ${availableCount} + sold ${sold} is not ${stocked} that ever came`);
    }
    if (stockCount !== stocked - sold)
      say('stock', `stockCount ${stockCount} is not ${stocked} - sold ${sold}`);
    if (ledger !== stockCount) say('ledger', `changes add up to ${ledger}, the stock is ${stockCount}`);
    if (held !== 0) say('stock', `${held} pieces are still held at rest`);
  }
  return [...found, ...books.orders.flatMap((order) => orderStock({ books }, order))];
}

/** What was sold for an order is what the order says; what ended unsold has nothing. */
function orderStock(
  { books }: Pick<Settled, 'books'>,
  order: Settled['books']['orders'][number],
): Violation[] {
  const { orderId, items, status } = order;
  const sold = books.stockOf(orderId).filter(({ state }) => state === 'SOLD');
  const wanted = isUnsold(order) ? [] : items.filter(({ allocated }) => allocated > 0);
  const isSame =
    sold.length === wanted.length &&
    wanted.every(({ productId, allocated }) =>
      sold.some((row) => row.productId === productId && row.quantity === allocated),
    );
  if (isSame) return [];
  const text = sold.map(({ productId, quantity }) => `${quantity} of ${productId}`).join(', ');
  return [{ rule: 'sold', about: orderId, what: `${status}, but sold for it: ${text || 'nothing'}` }];
}
