import * as z from 'zod';
import { listSchema, pageQuery } from '../api/list.ts';
import type { RouteTable } from '../api/route.ts';
import { readThrottle, writeThrottle } from '../api/throttles.ts';
import { storedRoleSchema } from '../identity/roles.ts';
import { currencySchema } from '../money/currency.ts';
import { moneySchema } from '../money/money.ts';
import { segmentSchema } from './segment.ts';

const maximumCount = 1_000_000_000;
const codeSchema = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, 'must be 1 to 40 letters, digits, hyphens or underscores')
  .transform((code) => code.toUpperCase());

const terms = {
  kind: z.enum(['percent', 'fixed']),
  value: z
    .int()
    .min(1)
    .max(100_000_000_000)
    .describe('percent: 1 to 100; fixed: minor units of the currency'),
  currency: currencySchema.optional().describe('Only for orders in this currency; required for fixed'),
  startsAt: z.iso.datetime().optional(),
  endsAt: z.iso.datetime().optional(),
  minimum: moneySchema.optional().describe('Least subtotal; an order in another currency does not reach it'),
  maxUses: z.int().min(1).max(maximumCount).optional(),
  maxUsesPerUser: z.int().min(1).max(maximumCount).optional(),
  firstOrderOnly: z.boolean().optional(),
  role: storedRoleSchema.optional().describe('Only for users of this role'),
  segment: segmentSchema
    .optional()
    .describe('Only for: new (no paid order), returning (one or more), loyal (five or more), newsletter'),
};

export const promotionViewSchema = z.object({
  promotionId: z.string(),
  code: z.string(),
  ...terms,
  uses: z.int().optional().describe('Orders that have the discount now; counted where there is a maxUses'),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
});

const createBody = z
  .strictObject({ code: codeSchema, ...terms })
  .superRefine(({ kind, value, currency, minimum, startsAt, endsAt }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (kind === 'percent' && value > 100) refuse(['value'], 'must be 100 at most');
    if (kind === 'fixed' && currency === undefined) refuse(['currency'], 'is required for a fixed amount');
    if (currency !== undefined && minimum !== undefined && minimum.currency !== currency) {
      refuse(['minimum', 'currency'], 'must be the currency of the promotion');
    }
    if (startsAt !== undefined && endsAt !== undefined && Date.parse(startsAt) >= Date.parse(endsAt)) {
      refuse(['endsAt'], 'must be after startsAt');
    }
  });

/** The endpoints under /order/promotion. */
export const promotionRoutes = {
  listPromotions: {
    domain: 'order',
    method: 'GET',
    path: '/order/promotion',
    summary: 'List promotions, newest first',
    allow: ['Admin'],
    query: z.strictObject(pageQuery),
    success: { status: 200, body: listSchema(promotionViewSchema) },
    throttle: readThrottle,
  },
  createPromotion: {
    domain: 'order',
    method: 'POST',
    path: '/order/promotion',
    summary: 'Create a promo code; it is deleted, never changed',
    allow: ['Admin'],
    body: createBody,
    success: { status: 201, body: promotionViewSchema },
    throttle: writeThrottle,
    problems: ['invalid_state'],
  },
  deletePromotion: {
    domain: 'order',
    method: 'DELETE',
    path: '/order/promotion/{code}',
    summary: 'Delete a promo code; orders placed with it keep their discount',
    allow: ['Admin'],
    params: z.strictObject({ code: z.string().min(1).max(60) }),
    success: { status: 204 },
    throttle: writeThrottle,
    problems: ['not_found'],
  },
} as const satisfies RouteTable;
