import { productRoutes } from '../catalogue/product-routes.ts';
import { userRoutes } from '../identity/user-routes.ts';
import { orderRoutes } from '../orders/order-routes.ts';
import type { RouteTable } from './route.ts';

/** Every endpoint of the API, once. */
export const routes = { ...userRoutes, ...productRoutes, ...orderRoutes } as const satisfies RouteTable;
