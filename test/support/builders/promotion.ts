import { type Promotion, promotionSchema } from '../../../shared/promotions/promotion.ts';

let made = 0;

/** Ten percent off for everyone; through the schema, so that no test invents an impossible record. */
export function aPromotion(over: Partial<Promotion> = {}): Promotion {
  made += 1;
  return promotionSchema.parse({
    promotionId: `01PROMOTION${String(made).padStart(6, '0')}`,
    code: `SPRING${made}`,
    kind: 'percent',
    value: 10,
    createdBy: 'admin-1',
    createdAt: '2026-01-01T00:00:00.000Z',
    ...over,
  });
}
