import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuditReader } from '../../../shared/adapters/dynamodb/audit-trail.ts';
import { adjustStock } from '../../../shared/catalogue/adjust-stock.ts';
import { archiveProduct } from '../../../shared/catalogue/archive-product.ts';
import { createProduct } from '../../../shared/catalogue/create-product.ts';
import { listProductAudit } from '../../../shared/catalogue/list-product-audit.ts';
import { listStockChanges } from '../../../shared/catalogue/list-stock-changes.ts';
import { productRoutes } from '../../../shared/catalogue/product-routes.ts';
import { readProduct } from '../../../shared/catalogue/read-product.ts';
import { updateProduct } from '../../../shared/catalogue/update-product.ts';
import { aRequest } from '../../support/builders/product-request.ts';
import { type Catalogue, persist, startCatalogue } from '../../support/catalogue-fixture.ts';
import { testEffects } from '../../support/effects.ts';

const { createProduct: create, updateProduct: update, adjustStock: adjust } = productRoutes;

describe('the catalogue', () => {
  let shop: Catalogue;
  const effects = testEffects();
  beforeAll(async () => {
    shop = await startCatalogue();
  });
  afterAll(() => shop.stop());

  const ports = () => ({
    products: shop.products,
    ledger: shop.ledger,
    rates: shop.rates,
    trail: createAuditReader(shop.client, shop.tables.audit),
    effects,
  });
  const add = (over: object = {}) => {
    const body = create.body.parse({
      name: 'Mug',
      category: 'kitchen',
      prices: [{ amount: 1999, currency: 'USD' }],
      stockCount: 8,
      ...over,
    });
    return createProduct(aRequest(create, 'Admin', { body }), ports());
  };
  const change = (productId: string, patch: object, ifMatch = '"1"') => {
    const parts = { params: { productId }, body: update.body.parse(patch), ifMatch };
    return updateProduct(aRequest(update, 'Admin', parts), ports());
  };
  const move = (productId: string, delta: number, reason = 'count') =>
    adjustStock(aRequest(adjust, 'Manager', { params: { productId }, body: { delta, reason } }), ports());
  const ledger = (productId: string, query: { limit: number; cursor?: string } = { limit: 20 }) =>
    listStockChanges(
      aRequest(productRoutes.listStockChanges, 'Manager', { params: { productId }, query }),
      ports(),
    );
  const archive = (productId: string) =>
    archiveProduct(aRequest(productRoutes.archiveProduct, 'Admin', { params: { productId } }), ports());
  const read = (productId: string, query: { currency?: string } = {}) =>
    readProduct(aRequest(productRoutes.getProduct, undefined, { params: { productId }, query }), ports());

  async function trail(productId: string) {
    const { Items = [] } = await shop.client.send(
      new QueryCommand({
        TableName: shop.tables.audit,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `PRODUCT#${productId}` },
      }),
    );
    return Items.map((entry) => entry.action);
  }

  it('gains a product with its first ledger row and its audit entry', async () => {
    const { body, headers } = await add();

    expect(body).toMatchObject({
      description: '',
      stockCount: 8,
      availableCount: 8,
      lowStockThreshold: 5,
      version: 1,
    });
    expect(body.auditLogs).toMatchObject([
      { action: 'product.created', actor: { id: 'admin-1', role: 'Admin' }, where: { ip: '203.0.113.7' } },
    ]);
    expect(headers).toEqual({ ETag: '"1"', Location: `/product/${body.productId}` });
    expect((await ledger(body.productId)).body.items).toEqual([
      { at: '2026-03-01T12:00:00.000Z', delta: 8, reason: 'initial stock', actor: 'admin-1', stockCount: 8 },
    ]);
    expect(await trail(body.productId)).toEqual(['product.created']);
  });

  it('changes the fields that a patch names and keeps what they were', async () => {
    const { productId } = (await add({ imageUrl: 'https://cdn.example.com/mug.png' })).body;
    await shop.inventory.hold('order-1', [{ productId, quantity: 3 }], new Date(0));

    const { body, headers } = await change(productId, { name: 'Cup', imageUrl: null });

    expect(headers).toEqual({ ETag: '"2"' });
    expect(body).toMatchObject({
      name: 'Cup',
      category: 'kitchen',
      stockCount: 8,
      availableCount: 5,
      version: 2,
    });
    expect(body).not.toHaveProperty('imageUrl');
    expect(body.auditLogs?.[0]).toMatchObject({
      action: 'product.updated',
      before: { name: 'Mug', imageUrl: 'https://cdn.example.com/mug.png' },
      after: { name: 'Cup', imageUrl: null },
    });
    expect(await shop.counts(productId)).toEqual({ stock: 8, available: 5 });
    expect((await read(productId)).body).toMatchObject({ name: 'Cup', version: 2 });
  });

  it('lets the first of two edits of one version win', async () => {
    const { productId } = (await add()).body;
    const outcomes = await Promise.allSettled([
      change(productId, { name: 'A' }),
      change(productId, { name: 'B' }),
    ]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(change(productId, { name: 'C' })).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await trail(productId)).toHaveLength(2);
  });

  it('takes every edit of whoever names any version, but of a product that there is', async () => {
    const { productId } = (await add()).body;
    await Promise.all(['A', 'B', 'C'].map((name) => change(productId, { name }, '*')));
    expect((await shop.products.find(productId))?.version).toBe(4);
    await expect(change('nowhere', { name: 'A' }, '*')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('changes the tag of what is shown with its availability, and takes it as If-Match even when it is old', async () => {
    const { productId } = (await add()).body;
    const fresh = (await read(productId)).headers?.ETag ?? '';
    expect((await read(productId)).headers?.ETag).toBe(fresh);
    await shop.inventory.hold('order-2', [{ productId, quantity: 3 }], new Date(0));
    await shop.inventory.commit('order-2', [{ productId, quantity: 3 }], new Date(0));
    expect((await read(productId)).headers?.ETag).toMatch(/^"1\./);
    expect((await read(productId)).headers?.ETag).not.toBe(fresh);
    expect((await change(productId, { name: 'Cup' }, fresh)).body).toMatchObject({
      stockCount: 5,
      availableCount: 5,
    });
  });

  it('mirrors the newest twenty audit entries, long values cut, and keeps all of them whole in the trail', async () => {
    const { productId } = (await add()).body;
    for (let version = 1; version <= 21; version += 1) {
      await change(productId, { description: `${version} ${'long '.repeat(100)}` }, `"${version}"`);
    }
    const product = await shop.products.find(productId);
    expect(product?.auditLogs).toHaveLength(20);
    expect(product?.auditLogs[0]?.after?.description).toMatch(/^21 long .{190,200}…$/);
    expect(await trail(productId)).toHaveLength(22);
  });

  it('tells its whole trail in pages, newest first, once it is archived too', async () => {
    const { productId } = (await add()).body;
    for (let version = 1; version <= 22; version += 1) {
      effects.advance(1000);
      await change(productId, { description: `${version}` }, `"${version}"`);
    }
    effects.advance(1000);
    await archive(productId);
    const route = productRoutes.listProductAudit;
    const page = async (id: string, cursor?: string) => {
      const query = route.query.parse({ limit: '20', ...(cursor === undefined ? {} : { cursor }) });
      return (
        await listProductAudit(aRequest(route, 'Manager', { params: { productId: id }, query }), ports())
      ).body;
    };

    const newest = await page(productId);
    const oldest = await page(productId, newest.nextCursor);
    expect(newest.items).toHaveLength(20);
    expect(newest.items[0]).toMatchObject({ action: 'product.archived', actor: { id: 'admin-1' } });
    expect(oldest.items.map(({ after }) => after?.description)).toEqual(['3', '2', '1', '']);
    expect(oldest.items.at(-1)?.action).toBe('product.created');
    expect(oldest.nextCursor).toBeUndefined();
    await expect(page('nowhere')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('archives a product once; nobody finds it after that, orders apart', async () => {
    const { productId } = (await add()).body;
    await archive(productId);

    await expect(archive(productId)).rejects.toMatchObject({ code: 'not_found' });
    await expect(read(productId)).rejects.toMatchObject({ code: 'not_found' });
    await expect(change(productId, { name: 'Cup' }, '"2"')).rejects.toMatchObject({ code: 'not_found' });
    await expect(move(productId, 1)).rejects.toMatchObject({ code: 'not_found' });
    expect(await shop.products.find(productId)).toMatchObject({ archived: true, version: 2 });
    expect((await ledger(productId)).body.items).toHaveLength(1);
  });

  it('adds and takes stock, never what is held', async () => {
    const { productId } = (await add()).body;
    await shop.inventory.hold('order-3', [{ productId, quantity: 3 }], new Date(0));

    expect((await move(productId, -5, 'broken')).body).toMatchObject({
      stockCount: 3,
      availableCount: 0,
      version: 2,
    });
    await expect(move(productId, -1)).rejects.toMatchObject({ code: 'insufficient_stock' });
    await expect(move(productId, 1_000_000_000)).rejects.toMatchObject({ code: 'validation_failed' });
    const { body } = await move(productId, 10, 'delivery');
    expect(body).toMatchObject({ stockCount: 13, availableCount: 10 });
    expect(body.auditLogs?.[0]).toMatchObject({
      action: 'product.stock_adjusted',
      actor: { id: 'manager-1' },
      before: { stockCount: 3 },
      after: { stockCount: 13 },
      reason: 'delivery',
    });
    expect((await ledger(productId)).body.items).toHaveLength(3);
  });

  it('counts the stock after each change down the pages of the ledger', async () => {
    const { productId } = (await add()).body;
    for (const delta of [5, -3, 10, -20]) {
      effects.advance(1000);
      await move(productId, delta);
    }

    const counts: number[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await ledger(productId, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      counts.push(...body.items.map((item) => item.stockCount));
      cursor = body.nextCursor;
      // A change between two pages does not disturb the count.
      await move(productId, 1);
    } while (cursor !== undefined);
    expect(counts).toEqual([0, 20, 10, 13, 8]);
  });

  it('refuses ledger cursors that are not its own', async () => {
    const { productId } = (await add()).body;
    const forged = Buffer.from(JSON.stringify({ ledgerKey: 'x', sk: 'y', stockCount: '-1' })).toString(
      'base64url',
    );
    for (const cursor of ['nonsense', 'e30', forged]) {
      await expect(ledger(productId, { limit: 2, cursor })).rejects.toMatchObject({
        code: 'validation_failed',
      });
    }
  });

  it('does every one of many adjustments at once', async () => {
    const { productId } = (await add({ stockCount: 100 })).body;
    await Promise.all(Array.from({ length: 12 }, () => persist(() => move(productId, -2))));
    expect(await shop.counts(productId)).toEqual({ stock: 76, available: 76 });
    expect((await ledger(productId)).body.items).toHaveLength(13);
    expect(await shop.products.find(productId)).toMatchObject({ version: 13 });
  });

  describe('the mark of low stock', () => {
    const markOf = async (productId: string) => {
      const command = new GetCommand({
        TableName: shop.tables.products,
        Key: { productId },
        ConsistentRead: true,
      });
      return (await shop.client.send(command)).Item?.lowStockSince;
    };
    const hold = (productId: string, quantity: number) =>
      shop.inventory.hold(`order-${productId}`, [{ productId, quantity }], new Date(0));

    it('is set by an adjustment that brings a product down to its threshold, and keeps its time', async () => {
      const { productId } = (await add()).body;
      await move(productId, -2);
      expect(await markOf(productId)).toBeUndefined();
      const crossed = (await move(productId, -1)).body.updatedAt;
      expect(await markOf(productId)).toBe(crossed);
      effects.advance(1000);
      await move(productId, -5);
      expect(await markOf(productId)).toBe(crossed);
    });

    it('goes with the adjustment that lifts the product above its threshold, and not before', async () => {
      const { productId } = (await add()).body;
      await move(productId, -8);
      await move(productId, 5);
      expect(await markOf(productId)).toBeDefined();
      await move(productId, 1);
      expect(await markOf(productId)).toBeUndefined();
    });

    it('is not set by what comes in, nor on a product that is new', async () => {
      const { productId } = (await add({ stockCount: 0 })).body;
      await move(productId, 3);
      expect(await markOf(productId)).toBeUndefined();
    });

    it('is set by a threshold that is raised to the stock, goes when it is lowered, and minds no other edit', async () => {
      const { productId } = (await add()).body;
      await change(productId, { lowStockThreshold: 8 });
      const since = await markOf(productId);
      expect(since).toBeDefined();
      await change(productId, { name: 'Cup' }, '"2"');
      expect(await markOf(productId)).toBe(since);
      await change(productId, { lowStockThreshold: 7 }, '"3"');
      expect(await markOf(productId)).toBeUndefined();
    });

    it('is right when an order takes stock between the reading and the writing of an edit', async () => {
      const { productId } = (await add()).body;
      const stale = await shop.products.find(productId);
      await hold(productId, 2);
      const products = { ...shop.products, find: async () => stale };
      const body = update.body.parse({ lowStockThreshold: 7 });
      const request = aRequest(update, 'Admin', { params: { productId }, body, ifMatch: '"1"' });
      expect((await updateProduct(request, { ...ports(), products })).headers).toEqual({ ETag: '"2"' });
      expect(await markOf(productId)).toBeDefined();
    });

    it('is right when an order takes stock between the reading and the writing of an adjustment', async () => {
      const { productId } = (await add()).body;
      const stale = await shop.products.find(productId);
      await hold(productId, 2);
      const products = { ...shop.products, find: async () => stale };
      const body = { delta: -1, reason: 'count' };
      await adjustStock(aRequest(adjust, 'Manager', { params: { productId }, body }), {
        ...ports(),
        products,
      });
      expect(await shop.counts(productId)).toEqual({ stock: 7, available: 5 });
      expect(await markOf(productId)).toBeDefined();
    });
  });

  it('refuses a currency that a product has no price in, and knows nothing of unknown ids', async () => {
    const { productId } = (await add()).body;
    await expect(read(productId, { currency: 'EUR' })).rejects.toMatchObject({
      code: 'currency_unsupported',
    });
    await expect(read('unknown')).rejects.toMatchObject({ code: 'not_found' });
    await expect(move('unknown', 1)).rejects.toMatchObject({ code: 'not_found' });
    await expect(ledger('unknown')).rejects.toMatchObject({ code: 'not_found' });
    await expect(change('unknown', { name: 'Cup' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
