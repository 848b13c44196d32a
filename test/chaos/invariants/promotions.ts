import { isUnsold } from './books.ts';
import type { Settled, Violation } from './violations.ts';

/** Every use of a code belongs to an order that has its discount, and the counters count just these. */
export function promotionViolations({ books }: Settled): Violation[] {
  const found: Violation[] = [];
  const uses = books.promotions.filter(
    ({ sk, pk }) => String(pk).startsWith('USES#') && String(sk).startsWith('ORDER#'),
  );
  const live = new Set<string>();
  for (const { pk, sk } of uses) {
    const orderId = String(sk).slice('ORDER#'.length);
    const order = books.byId.get(orderId);
    const say = (what: string) => found.push({ rule: 'use', about: orderId, what: `${String(pk)}: ${what}` });
    live.add(orderId);
    if (!order) say('the order is not there');
    else if (isUnsold(order)) say(`the order is ${order.status}`);
    else if (!order.promotion || order.promotion.released) say('the order does not have the code any more');
  }
  for (const order of books.orders) {
    const isDue = order.promotion && !order.promotion.released;
    if (isDue && !live.has(order.orderId)) {
      found.push({ rule: 'use', about: order.orderId, what: 'has a code whose use is not on record' });
    }
  }
  const usersOf = new Map(uses.map(({ sk, userId }) => [String(sk), userId]));
  for (const { pk, sk, uses: counted } of books.promotions) {
    const isCounter = String(pk).startsWith('USES#') && (sk === 'TOTAL' || String(sk).startsWith('USER#'));
    if (!isCounter) continue;
    const own = uses.filter((use) => (pk === 'USES#FIRST' ? isFirstOrder(books, use) : use.pk === pk));
    const actual = own.filter((use) => sk === 'TOTAL' || `USER#${usersOf.get(String(use.sk))}` === sk).length;
    const limit = limitOf(books, String(pk), sk === 'TOTAL');
    const say = (what: string) => found.push({ rule: 'counter', about: `${String(pk)} ${String(sk)}`, what });
    if (counted !== actual) say(`counts ${String(counted)}, ${actual} are on record`);
    if (actual > limit) say(`has ${actual} uses, over its limit of ${limit}`);
  }
  return found;
}

type Row = Settled['books']['promotions'][number];

function isFirstOrder(books: Settled['books'], use: Row): boolean {
  const order = books.byId.get(String(use.sk).slice('ORDER#'.length));
  return order?.promotion?.firstOrderOnly === true;
}

function limitOf(books: Settled['books'], pk: string, isTotal: boolean): number {
  if (pk === 'USES#FIRST') return 1;
  const definition = books.promotions.find(
    ({ promotionId, sk }) => sk === 'PROMOTION' && `USES#${String(promotionId)}` === pk,
  );
  return Number((isTotal ? definition?.maxUses : definition?.maxUsesPerUser) ?? Number.POSITIVE_INFINITY);
}
