import type { AuditEntry, AuditReader } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { StockLedger } from '../inventory/stock-change.ts';
import type { ExchangeRates, RateTable } from '../money/exchange.ts';
import type { ProductStore } from './product-store.ts';

/** What the use cases of the catalogue need of the world. */
export interface CataloguePorts {
  readonly products: ProductStore;
  readonly ledger: StockLedger;
  readonly rates: ExchangeRates;
  readonly rateWriter: { put(table: RateTable, audit: AuditEntry): Promise<void> };
  readonly trail: AuditReader;
  readonly effects: Effects;
}
