import * as z from 'zod';
import { listSchema, pageQuery } from '../api/list.ts';
import type { RouteTable } from '../api/route.ts';
import { readThrottle, writeThrottle } from '../api/throttles.ts';
import { auditEntrySchema } from '../audit/audit-entry.ts';
import { currencySchema } from '../money/currency.ts';
import { ratesSchema, rateTableSchema } from '../money/exchange.ts';
import { moneySchema } from '../money/money.ts';
import { defaultCurrency } from './pricing.ts';
import { maximumStock, priceSchema, productDetails, regionSchema } from './product.ts';

/** The contract's Product. The fields from `stockCount` on are for staff. */
export const productSchema = z.object({
  productId: z.string(),
  name: z.string(),
  description: z.string(),
  category: z.string(),
  imageUrl: z.string().optional(),
  price: moneySchema,
  prices: z.array(priceSchema),
  availability: z.enum(['in_stock', 'low_stock', 'out_of_stock']),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
  stockCount: z.int().optional(),
  availableCount: z.int().optional(),
  lowStockThreshold: z.int().optional(),
  createdBy: z.string().optional(),
  updatedBy: z.string().optional(),
  auditLogs: z.array(auditEntrySchema).optional(),
});

const stockChangeSchema = z.object({
  at: z.iso.datetime(),
  delta: z.int(),
  reason: z.string(),
  orderId: z.string().optional(),
  actor: z.string().describe('A user id, or system'),
  stockCount: z.int().describe('Pieces in stock after this change'),
});

const productParams = z.strictObject({ productId: z.string().min(1).max(200) });
const marketQuery = { currency: currencySchema.optional(), region: regionSchema.optional() };
const amountQuery = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional();

const listQuery = z.strictObject({
  ...pageQuery,
  ...marketQuery,
  q: z.string().trim().min(1).max(100).optional(),
  category: z.string().trim().min(1).max(60).optional(),
  minPrice: amountQuery.describe('Minor units of the shown currency'),
  maxPrice: amountQuery.describe('Minor units of the shown currency'),
  inStock: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  sort: z.enum(['name', 'price', '-price', 'newest']).default('newest'),
});

const { name, description, category, imageUrl, prices, lowStockThreshold } = productDetails;

/** The endpoints under /product. */
export const productRoutes = {
  listProducts: {
    domain: 'product',
    method: 'GET',
    path: '/product',
    summary: 'Browse and search the catalogue',
    allow: ['anyone'],
    optionalToken: true,
    query: listQuery,
    etag: true,
    success: { status: 200, body: listSchema(productSchema) },
    throttle: readThrottle,
  },
  getProduct: {
    domain: 'product',
    method: 'GET',
    path: '/product/{productId}',
    summary: 'Read a product',
    allow: ['anyone'],
    optionalToken: true,
    params: productParams,
    query: z.strictObject(marketQuery),
    etag: true,
    success: { status: 200, body: productSchema },
    throttle: readThrottle,
    problems: ['not_found', 'currency_unsupported'],
  },
  getRates: {
    domain: 'product',
    method: 'GET',
    path: '/product/rates',
    summary: 'The exchange rates in effect, and since when',
    allow: ['anyone'],
    optionalToken: true,
    success: { status: 200, body: rateTableSchema },
    throttle: readThrottle,
    problems: ['not_found'],
  },
  setRates: {
    domain: 'product',
    method: 'PUT',
    path: '/product/rates',
    summary: 'Put a dated table of exchange rates in effect, whole; prices that are set are not converted',
    allow: ['Admin'],
    body: z.strictObject({
      base: currencySchema.default(defaultCurrency),
      effectiveAt: z.iso.datetime().optional().describe('From when on; now if left out, never in the past'),
      rates: ratesSchema.describe('Units of each currency for one unit of the base, as decimal strings'),
    }),
    success: { status: 200, body: rateTableSchema },
    throttle: writeThrottle,
  },
  createProduct: {
    domain: 'product',
    method: 'POST',
    path: '/product',
    summary: 'Add a product',
    allow: ['Admin'],
    body: z.strictObject({
      name,
      description: description.default(''),
      category,
      imageUrl: imageUrl.optional(),
      prices,
      stockCount: z.int().min(0).max(maximumStock),
      lowStockThreshold: lowStockThreshold.optional(),
    }),
    success: { status: 201, body: productSchema },
    throttle: writeThrottle,
  },
  updateProduct: {
    domain: 'product',
    method: 'PATCH',
    path: '/product/{productId}',
    summary: 'Change a product; stock has its own route',
    allow: ['Admin'],
    ifMatch: true,
    params: productParams,
    body: z
      .strictObject({
        name: name.optional(),
        description: description.optional(),
        category: category.optional(),
        imageUrl: imageUrl.nullable().optional().describe('null removes the image'),
        prices: prices.optional(),
        lowStockThreshold: lowStockThreshold.optional(),
      })
      .refine((patch) => Object.keys(patch).length > 0, {
        error: 'must change at least one field',
        when: ({ issues }) => issues.length === 0,
      }),
    success: { status: 200, body: productSchema },
    throttle: writeThrottle,
    problems: ['not_found', 'version_conflict', 'precondition_required'],
  },
  archiveProduct: {
    domain: 'product',
    method: 'DELETE',
    path: '/product/{productId}',
    summary: 'Archive a product; past orders keep their snapshot',
    allow: ['Admin'],
    params: productParams,
    success: { status: 204 },
    throttle: writeThrottle,
    problems: ['not_found'],
  },
  adjustStock: {
    domain: 'product',
    method: 'POST',
    path: '/product/{productId}/stock',
    summary: 'Add or take pieces, with a reason',
    allow: ['Admin', 'Manager'],
    params: productParams,
    body: z.strictObject({
      delta: z
        .int()
        .min(-maximumStock)
        .max(maximumStock)
        .refine((delta) => delta !== 0, 'must not be 0'),
      reason: z.string().trim().min(1).max(200),
    }),
    success: { status: 200, body: productSchema },
    throttle: writeThrottle,
    problems: ['not_found', 'insufficient_stock'],
  },
  listStockChanges: {
    domain: 'product',
    method: 'GET',
    path: '/product/{productId}/stock',
    summary: 'The ledger of a product’s stock, newest first',
    allow: ['Admin', 'Manager'],
    params: productParams,
    query: z.strictObject(pageQuery),
    success: { status: 200, body: listSchema(stockChangeSchema) },
    throttle: readThrottle,
    problems: ['not_found'],
  },
  listProductAudit: {
    domain: 'product',
    method: 'GET',
    path: '/product/{productId}/audit',
    summary: 'List what was done to a product, newest first; an archived one too',
    allow: ['Admin', 'Manager'],
    params: productParams,
    query: z.strictObject(pageQuery),
    success: { status: 200, body: listSchema(auditEntrySchema) },
    throttle: readThrottle,
    problems: ['not_found'],
  },
} as const satisfies RouteTable;
