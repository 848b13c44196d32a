import type { Page, PageRequest } from '../api/list.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { StockChange } from '../inventory/stock-change.ts';
import type { RateTable } from '../money/exchange.ts';
import type { Market } from './pricing.ts';
import type { Product } from './product.ts';

/** What other domains may read of the catalogue. Archived products are found too; callers look at `archived`. */
export interface ProductReader {
  /** Strongly consistent. */
  find(productId: string): Promise<Product | undefined>;
  /** Strongly consistent; ids that nothing has are not in the map. */
  findMany(productIds: readonly string[]): Promise<Map<string, Product>>;
  /** In stock, not archived, of the category, without the given ids; at most `limit`, newest first. */
  alternatives(category: string, except: readonly string[], limit: number): Promise<Product[]>;
}

export type ProductSort = 'name' | 'price' | '-price' | 'newest';

export interface ProductSearch {
  readonly sort: ProductSort;
  readonly category?: string | undefined;
  /** Whole words of name, category and description; the last one may be the start of a word. */
  readonly q?: string | undefined;
  /** Where the price is shown; products without one there are left out. */
  readonly market: Market;
  readonly rates?: RateTable | undefined;
  /** Minor units of the shown price, inclusive. */
  readonly minPrice?: number | undefined;
  readonly maxPrice?: number | undefined;
  readonly inStock?: boolean | undefined;
}

export interface ProductStore extends ProductReader {
  /** Active products in the sort's order. A page may be short, even empty, and still have a next one. */
  list(search: ProductSearch, page: PageRequest): Promise<Page<Product>>;
  /** Writes product, its listings, first ledger row and audit entry together. */
  create(product: Product, initialStock: StockChange, audit: AuditEntry): Promise<void>;
  /**
   * Writes what an Admin edits (never the counts) and the listings if the record still has the version of `before`.
   * @returns false when it has not, and nothing was written
   */
  update(before: Product, edited: Product, audit: AuditEntry): Promise<boolean>;
  /**
   * Adds the change's delta to both counts if the record still is as it was read and as much is free.
   * `current` is the record that refused the write; nothing was written then.
   */
  adjustStock(
    adjustment: StockAdjustment,
  ): Promise<{ done: true } | { done: false; current: Product | undefined }>;
}

export interface StockAdjustment {
  /** The product as it was read. */
  readonly before: Product;
  /** The product as it is to be. */
  readonly after: Product;
  readonly change: StockChange;
  readonly audit: AuditEntry;
}
