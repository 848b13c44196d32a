import * as z from 'zod';
import { moneySchema } from '../money/money.ts';

const velocityFactsSchema = z.strictObject({
  orders: z.int().describe('Placed within the window, this one included'),
  limit: z.int(),
  windowSeconds: z.int(),
});

/**
 * Why an order is held, with the facts that a reviewer needs. It names no person, address, network or card:
 * it is written into the trail and sent to the staff, where nothing of a person can be erased.
 */
export const fraudReasonSchema = z.discriminatedUnion('code', [
  z.strictObject({ code: z.literal('provider_risk'), facts: z.strictObject({ provider: z.string() }) }),
  z.strictObject({ code: z.literal('user_velocity'), facts: velocityFactsSchema }),
  z.strictObject({ code: z.literal('address_velocity'), facts: velocityFactsSchema }),
  z.strictObject({
    code: z.literal('country_mismatch'),
    facts: z.strictObject({
      delivery: z.string().describe('Country of the delivery address'),
      payment: z.string().optional().describe('Country of the card, when it is another'),
      placement: z.string().optional().describe('Where the order was placed from, when that is another'),
    }),
  }),
  z.strictObject({
    code: z.literal('first_order_amount'),
    facts: z.strictObject({ total: moneySchema, limit: moneySchema }),
  }),
]);
export type FraudReason = z.infer<typeof fraudReasonSchema>;

/** The reason in a sentence, for messages to staff. Amounts are in minor units. */
export function describeReason(reason: FraudReason): string {
  switch (reason.code) {
    case 'provider_risk':
      return `The payment provider (${reason.facts.provider}) suspects fraud.`;
    case 'user_velocity':
      return `The customer placed ${orders(reason.facts)}.`;
    case 'address_velocity':
      return `Customers at one network address placed ${orders(reason.facts)}.`;
    case 'country_mismatch': {
      const { delivery, payment, placement } = reason.facts;
      const others = [
        ...(payment === undefined ? [] : [`the card is from ${payment}`]),
        ...(placement === undefined ? [] : [`the order came from ${placement}`]),
      ];
      return `It is delivered to ${delivery}, but ${others.join(' and ')}.`;
    }
    case 'first_order_amount': {
      const { total, limit } = reason.facts;
      return `A first order of ${total.amount} ${total.currency}; the limit is ${limit.amount}.`;
    }
  }
}

function orders({ orders, limit, windowSeconds }: z.infer<typeof velocityFactsSchema>): string {
  return `${orders} orders within ${windowSeconds} seconds; the limit is ${limit}`;
}
