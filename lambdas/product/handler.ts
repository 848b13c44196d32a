import { setTimeout as sleep } from 'node:timers/promises';
import { apiEnvironment, createApiPorts, tokenEnvironment } from '../../shared/adapters/api-ports.ts';
import { createAuditReader } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createExchangeRates, createRateWriter } from '../../shared/adapters/dynamodb/exchange-rates.ts';
import { createProductStore } from '../../shared/adapters/dynamodb/product-store.ts';
import { createStockLedger } from '../../shared/adapters/dynamodb/stock-ledger.ts';
import { type Api, createApiHandler } from '../../shared/api/dispatch.ts';
import { adjustStock } from '../../shared/catalogue/adjust-stock.ts';
import { archiveProduct } from '../../shared/catalogue/archive-product.ts';
import { createProduct } from '../../shared/catalogue/create-product.ts';
import { getRates, setRates } from '../../shared/catalogue/exchange-rates.ts';
import { listProductAudit } from '../../shared/catalogue/list-product-audit.ts';
import { listProducts } from '../../shared/catalogue/list-products.ts';
import { listStockChanges } from '../../shared/catalogue/list-stock-changes.ts';
import { productRoutes } from '../../shared/catalogue/product-routes.ts';
import { readProduct } from '../../shared/catalogue/read-product.ts';
import { updateProduct } from '../../shared/catalogue/update-product.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';

function build(): Api<typeof productRoutes> {
  const settings = readEnvironment({
    ...apiEnvironment,
    ...tokenEnvironment,
    PRODUCTS_TABLE: nonEmpty,
    LISTINGS_TABLE: nonEmpty,
    INVENTORY_TABLE: nonEmpty,
  });
  const effects = systemEffects();
  const client = dynamo();
  const tables = {
    products: settings.PRODUCTS_TABLE,
    listings: settings.LISTINGS_TABLE,
    inventory: settings.INVENTORY_TABLE,
    audit: settings.AUDIT_TABLE,
  };
  const retry = { random: effects.random, sleep };
  const products = createProductStore(client, tables, retry);
  const ledger = createStockLedger(client, settings.INVENTORY_TABLE);
  const rates = createExchangeRates(client, tables.listings);
  const rateWriter = createRateWriter(client, tables, retry);
  const trail = createAuditReader(client, settings.AUDIT_TABLE);
  const ports = { products, ledger, rates, rateWriter, trail, effects };
  return {
    ports: createApiPorts(client, settings, effects),
    operations: {
      listProducts: (request) => listProducts(request, ports),
      getProduct: (request) => readProduct(request, ports),
      getRates: (request) => getRates(request, ports),
      setRates: (request) => setRates(request, ports),
      createProduct: (request) => createProduct(request, ports),
      updateProduct: (request) => updateProduct(request, ports),
      archiveProduct: (request) => archiveProduct(request, ports),
      adjustStock: (request) => adjustStock(request, ports),
      listStockChanges: (request) => listStockChanges(request, ports),
      listProductAudit: (request) => listProductAudit(request, ports),
    },
  };
}

export const handler = createApiHandler(productRoutes, build);
