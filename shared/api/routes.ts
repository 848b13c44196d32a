import { productRoutes } from '../catalogue/product-routes.ts';
import { userRoutes } from '../identity/user-routes.ts';
import { insightRoutes } from '../insights/insight-routes.ts';
import { orderRoutes } from '../orders/order-routes.ts';
import { paymentRoutes } from '../payments/payment-routes.ts';
import { promotionRoutes } from '../promotions/promotion-routes.ts';
import type { RouteTable } from './route.ts';

/** Every endpoint of the API, once. */
export const routes = {
  ...userRoutes,
  ...productRoutes,
  ...orderRoutes,
  ...paymentRoutes,
  ...promotionRoutes,
  ...insightRoutes,
} as const satisfies RouteTable;
