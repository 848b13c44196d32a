import * as z from 'zod';
import { listSchema, pageQuery } from '../api/list.ts';
import type { RouteTable } from '../api/route.ts';
import { checkoutThrottle, historyThrottle, readThrottle, writeThrottle } from '../api/throttles.ts';
import {
  checkBodySchema,
  checkoutRunSchema,
  checkViewSchema,
  orderBodySchema,
  orderViewSchema,
} from './order-schemas.ts';
import { orderStatusSchema } from './status.ts';

const orderParams = z.strictObject({ orderId: z.string().min(1).max(80) });
const decisionBody = z.strictObject({ reason: z.string().trim().min(1).max(500) });

const listQuery = z.strictObject({
  ...pageQuery,
  status: orderStatusSchema.optional(),
  userId: z.string().min(1).max(200).optional(),
  from: z.union([z.iso.date(), z.iso.datetime()]).optional().describe('Placed at or after'),
  to: z
    .union([z.iso.date(), z.iso.datetime()])
    .optional()
    .describe('Placed at or before; a date means its end'),
});

/** The endpoints under /order. */
export const orderRoutes = {
  checkOrder: {
    domain: 'order',
    method: 'POST',
    path: '/order/check',
    summary: 'Say what an order of these items would meet: profile, stock, alternatives, price',
    allow: ['Customer'],
    body: checkBodySchema,
    success: { status: 200, body: checkViewSchema },
    throttle: checkoutThrottle,
    problems: ['product_unknown', 'currency_unsupported', 'address_unknown'],
  },
  createOrder: {
    domain: 'order',
    method: 'POST',
    path: '/order',
    summary: 'Place an order and start its checkout',
    allow: ['Customer'],
    body: orderBodySchema,
    idempotencyKey: true,
    success: { status: 202, body: orderViewSchema },
    throttle: checkoutThrottle,
    problems: [
      'product_unknown',
      'currency_unsupported',
      'address_unknown',
      'payment_method_required',
      'promo_invalid',
      'idempotency_key_required',
      'idempotency_key_reused',
      'request_in_progress',
      'dependency_unavailable',
    ],
  },
  listOrders: {
    domain: 'order',
    method: 'GET',
    path: '/order',
    summary: 'List orders, newest first: one’s own, or all for staff',
    allow: ['Customer', 'Manager', 'Admin'],
    query: listQuery,
    success: { status: 200, body: listSchema(orderViewSchema) },
    throttle: readThrottle,
  },
  getOrder: {
    domain: 'order',
    method: 'GET',
    path: '/order/{orderId}',
    summary: 'Read an order',
    allow: ['owner', 'Manager', 'Admin'],
    params: orderParams,
    success: { status: 200, body: orderViewSchema },
    throttle: readThrottle,
  },
  getCheckout: {
    domain: 'order',
    method: 'GET',
    path: '/order/{orderId}/checkout',
    summary: 'Show how far the order’s checkout has come',
    allow: ['owner', 'Manager', 'Admin'],
    params: orderParams,
    success: { status: 200, body: checkoutRunSchema },
    throttle: historyThrottle,
  },
  approveOrder: {
    domain: 'order',
    method: 'POST',
    path: '/order/{orderId}/approve',
    summary: 'Let an order on hold go on',
    allow: ['Manager', 'Admin'],
    params: orderParams,
    body: decisionBody,
    success: { status: 202, body: orderViewSchema },
    throttle: writeThrottle,
    problems: ['invalid_state'],
  },
  rejectOrder: {
    domain: 'order',
    method: 'POST',
    path: '/order/{orderId}/reject',
    summary: 'Refuse an order on hold',
    allow: ['Manager', 'Admin'],
    params: orderParams,
    body: decisionBody,
    success: { status: 202, body: orderViewSchema },
    throttle: writeThrottle,
    problems: ['invalid_state'],
  },
} as const satisfies RouteTable;
