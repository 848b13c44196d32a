import type { OrderStatus } from '../orders/status.ts';

export interface SalesCount {
  readonly day: string;
  readonly status: OrderStatus;
  readonly currency: string;
  readonly orders: number;
  readonly units: number;
  /** Minor units of the currency. */
  readonly amount: number;
}

export interface ProductCount extends Omit<SalesCount, 'status'> {
  readonly productId: string;
  readonly name: string;
  readonly paidOrders: number;
  readonly paidUnits: number;
  readonly revenue: number;
}

/** Inclusive UTC days, `YYYY-MM-DD`. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** Reads the counters. Costs follow the days and groups asked for, never the number of orders. */
export interface InsightReader {
  sales(days: Days): Promise<SalesCount[]>;
  productSales(days: Days): Promise<ProductCount[]>;
  /** Ids of the products that most paid orders have beside this one. */
  boughtTogether(productId: string, limit: number): Promise<Ranked[]>;
  /** Of a category, or of the whole shop. */
  bestSellers(category: string | undefined, limit: number): Promise<Ranked[]>;
}

export interface Ranked {
  readonly productId: string;
  /** In how many paid orders. */
  readonly score: number;
}
