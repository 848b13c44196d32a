import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import type { Product } from '../../../shared/catalogue/product.ts';
import type { StockChange } from '../../../shared/inventory/stock-change.ts';

const at = '2026-01-02T03:04:05.678Z';

/** A product as the store keeps it; counts follow each other unless both are given. */
export function aProduct(over: Partial<Product> = {}): Product {
  const stockCount = over.stockCount ?? over.availableCount ?? 20;
  return {
    productId: '01PRODUCT0000000000000000A',
    name: 'Enamel mug',
    description: 'Holds a third of a litre.',
    category: 'kitchen',
    prices: [{ amount: 1999, currency: 'USD' }],
    stockCount,
    availableCount: stockCount,
    lowStockThreshold: 5,
    archived: false,
    createdBy: 'admin-1',
    updatedBy: 'admin-1',
    auditLogs: [],
    createdAt: at,
    updatedAt: at,
    version: 1,
    ...over,
  };
}

export function aProductAuditEntry(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    entryId: 'entry-1',
    action: 'product.created',
    entity: { type: 'product', id: '01PRODUCT0000000000000000A' },
    actor: { id: 'admin-1', role: 'Admin' },
    at,
    ...over,
  };
}

export function anInitialStock(product: Product): StockChange {
  return {
    changeId: `initial-${product.productId}`,
    productId: product.productId,
    at: product.createdAt,
    delta: product.stockCount,
    reason: 'initial stock',
    actor: product.createdBy,
  };
}
