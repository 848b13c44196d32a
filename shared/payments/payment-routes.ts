import * as z from 'zod';
import type { RouteTable } from '../api/route.ts';
import { webhookThrottle } from '../api/throttles.ts';

/** The endpoint that the payment provider calls. */
export const paymentRoutes = {
  receivePaymentEvent: {
    domain: 'payment-webhook',
    method: 'POST',
    path: '/order/payment-webhook',
    summary: 'Take a signed event of the payment provider: a late result, a refund, a dispute',
    allow: ['anyone'],
    signatureHeader: 'Stripe-Signature',
    successLine: 'own',
    success: { status: 200, body: z.strictObject({ received: z.literal(true) }) },
    throttle: webhookThrottle,
  },
} as const satisfies RouteTable;
