import * as z from 'zod';
import type { RouteTable } from '../api/route.ts';
import { readThrottle, reportThrottle } from '../api/throttles.ts';
import { groupingSchema, recommendationsSchema, reportSchema } from './insight-schemas.ts';
import { maximumDays, maximumProductDays } from './report-period.ts';

const day = z.union([z.iso.date(), z.iso.datetime()]);

const reportQuery = z.strictObject({
  from: day
    .optional()
    .describe(
      `First UTC day; a time means its day. At most ${maximumDays} days in all, ${maximumProductDays} by product`,
    ),
  to: day.optional().describe('Last UTC day, included'),
  groupBy: groupingSchema.default('day'),
});

/** The endpoints that answer from counters. The Lambda of the orders serves them: it reads all that they need. */
export const insightRoutes = {
  getReport: {
    domain: 'order',
    method: 'GET',
    path: '/order/report',
    summary: 'Report orders, pieces and amounts by day, status, product or currency',
    allow: ['Manager', 'Admin'],
    query: reportQuery,
    success: { status: 200, body: reportSchema, csv: true },
    throttle: reportThrottle,
  },
  getRecommendations: {
    domain: 'order',
    method: 'GET',
    path: '/user/{userId}/recommendations',
    summary: 'Recommend products and promotions by what the user has bought',
    allow: ['self'],
    params: z.strictObject({ userId: z.string().min(1).max(200) }),
    success: { status: 200, body: recommendationsSchema },
    throttle: readThrottle,
  },
} as const satisfies RouteTable;
