import type { Played, Shop } from '../play.ts';
import type { World } from '../world.ts';
import type { Books } from './books.ts';
import { countViolations } from './counts.ts';
import { messageViolations } from './messages.ts';
import { orderViolations } from './orders.ts';
import { paymentViolations } from './payments.ts';
import { promotionViolations } from './promotions.ts';
import { sealViolations } from './seals.ts';
import { stockViolations } from './stock.ts';
import { trailViolations } from './trail.ts';

/** A rule that does not hold. */
export interface Violation {
  readonly rule: string;
  /** The order, product, code or message. */
  readonly about: string;
  readonly what: string;
}

/** A world at rest, with what its clients were told. */
export interface Settled extends Played {
  readonly world: World;
  readonly books: Books;
  readonly shop: Shop;
}

export function violations(settled: Settled): Violation[] {
  const { broken } = settled.world.cloud;
  const rules = [
    stockViolations,
    paymentViolations,
    orderViolations,
    promotionViolations,
    trailViolations,
    sealViolations,
    messageViolations,
    countViolations,
  ];
  return [...broken, ...rules.flatMap((check) => check(settled))];
}
