import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HoldRefusedError, NotHeldError } from '../../../shared/inventory/inventory-store.ts';
import { type Catalogue, persist, startCatalogue } from '../../support/catalogue-fixture.ts';

const at = new Date('2026-03-04T05:06:07.890Z');

describe('the inventory', () => {
  let shop: Catalogue;
  beforeAll(async () => {
    shop = await startCatalogue();
  });
  afterAll(() => shop.stop());

  const lines = (...pairs: [string, number][]) =>
    pairs.map(([productId, quantity]) => ({ productId, quantity }));

  describe('hold', () => {
    it('takes every line from what is available and leaves the stock alone', async () => {
      const a = await shop.seed({ stockCount: 10 });
      const b = await shop.seed({ stockCount: 4 });
      const wanted = lines([a.productId, 3], [b.productId, 4]);

      expect(await shop.inventory.hold('hold-1', wanted, at)).toEqual({ held: true, repeated: false });

      expect(await shop.counts(a.productId)).toEqual({ stock: 10, available: 7 });
      expect(await shop.counts(b.productId)).toEqual({ stock: 4, available: 0 });
      const held = await shop.inventory.linesOf('hold-1', [a.productId, b.productId]);
      expect(held).toEqual(expect.arrayContaining(wanted));
      expect(await shop.ledgerOf(a.productId)).toHaveLength(1);
    });

    it('takes no line when one is short and says how many are left of each short one', async () => {
      const plenty = await shop.seed({ stockCount: 10 });
      const short = await shop.seed({ stockCount: 2 });
      const none = await shop.seed({ stockCount: 0 });
      const wanted = lines([plenty.productId, 1], [short.productId, 3], [none.productId, 1], ['unknown', 1]);

      const result = await shop.inventory.hold('hold-2', wanted, at);

      const shortages = new Map([
        [short.productId, 2],
        [none.productId, 0],
        ['unknown', 0],
      ]);
      expect(result).toEqual({ held: false, shortages });
      expect(await shop.counts(plenty.productId)).toEqual({ stock: 10, available: 10 });
      expect(
        await shop.inventory.linesOf(
          'hold-2',
          wanted.map((line) => line.productId),
        ),
      ).toEqual([]);
    });

    it('treats an archived product as gone', async () => {
      const product = await shop.seed({ stockCount: 5, archived: true });
      const result = await shop.inventory.hold('hold-3', lines([product.productId, 1]), at);
      expect(result).toEqual({ held: false, shortages: new Map([[product.productId, 0]]) });
    });

    it('run twice, holds once', async () => {
      const product = await shop.seed({ stockCount: 5 });
      const wanted = lines([product.productId, 3]);
      await shop.inventory.hold('hold-4', wanted, at);

      expect(await shop.inventory.hold('hold-4', wanted, at)).toEqual({ held: true, repeated: true });
      expect(await shop.counts(product.productId)).toEqual({ stock: 5, available: 2 });
    });

    it('lets the first lines stand when it is repeated with others', async () => {
      const a = await shop.seed({ stockCount: 1 });
      const b = await shop.seed({ stockCount: 9 });
      await shop.inventory.hold('hold-5', lines([b.productId, 2]), at);

      const again = await shop.inventory.hold('hold-5', lines([a.productId, 2], [b.productId, 5]), at);

      expect(again).toEqual({ held: true, repeated: true });
      const held = await shop.inventory.linesOf('hold-5', [a.productId, b.productId]);
      expect(held).toEqual(lines([b.productId, 2]));
    });

    it('of a part binds the order to that part: another part of it cannot be held as well', async () => {
      const a = await shop.seed({ stockCount: 3 });
      const b = await shop.seed({ stockCount: 3 });
      const ids = [a.productId, b.productId];
      const part = (first: number, second: number) =>
        shop.inventory.hold('hold-part', lines([a.productId, first], [b.productId, second]), at);
      expect(await part(2, 0)).toEqual({ held: true, repeated: false });

      expect(await part(0, 2)).toEqual({ held: true, repeated: true });

      expect(await shop.inventory.linesOf('hold-part', ids)).toEqual(lines([a.productId, 2]));
      expect(await shop.counts(b.productId)).toEqual({ stock: 3, available: 3 });
      await shop.inventory.release('hold-part', ids, at);
      await shop.inventory.release('hold-part', ids, at);
      expect(await shop.counts(a.productId)).toEqual({ stock: 3, available: 3 });
      await expect(part(0, 2)).rejects.toThrow(HoldRefusedError);
    });

    it('names the short line also after lines of no pieces', async () => {
      const a = await shop.seed({ stockCount: 3 });
      const b = await shop.seed({ stockCount: 1 });
      const wanted = lines(['unknown', 0], [a.productId, 0], [b.productId, 2]);
      const result = await shop.inventory.hold('hold-zero', wanted, at);
      expect(result).toEqual({ held: false, shortages: new Map([[b.productId, 1]]) });
    });

    it('adds up lines of one product', async () => {
      const product = await shop.seed({ stockCount: 5 });
      await shop.inventory.hold('hold-6', lines([product.productId, 2], [product.productId, 3]), at);
      expect(await shop.counts(product.productId)).toEqual({ stock: 5, available: 0 });
    });

    it('takes fifty lines at once, and gives them back after their sale', async () => {
      const products = await Promise.all(Array.from({ length: 50 }, () => shop.seed({ stockCount: 2 })));
      const ids = products.map((product) => product.productId);
      const wanted = lines(...ids.map((id): [string, number] => [id, 2]));

      expect(await shop.inventory.hold('hold-50', wanted, at)).toEqual({ held: true, repeated: false });
      await shop.inventory.commit('hold-50', wanted, at);
      expect(await shop.counts(ids[49]!)).toEqual({ stock: 0, available: 0 });
      await shop.inventory.release('hold-50', ids, at);

      for (const id of ids) expect(await shop.counts(id)).toEqual({ stock: 2, available: 2 });
    });
  });

  describe('commit', () => {
    it('takes what is held from the stock and writes the ledger, once however often it runs', async () => {
      const product = await shop.seed({ stockCount: 10 });
      const held = lines([product.productId, 3]);
      await shop.inventory.hold('commit-1', held, at);

      await shop.inventory.commit('commit-1', held, at);
      await shop.inventory.commit('commit-1', held, new Date(at.getTime() + 1000));

      expect(await shop.counts(product.productId)).toEqual({ stock: 7, available: 7 });
      expect(await shop.ledgerOf(product.productId)).toEqual([
        { delta: -3, reason: 'sold', orderId: 'commit-1' },
        { delta: 10, reason: 'initial stock' },
      ]);
      expect(await shop.inventory.linesOf('commit-1', [product.productId])).toEqual(held);
    });

    it('sells nothing of an order that does not hold each line as told', async () => {
      const a = await shop.seed({ stockCount: 10 });
      const b = await shop.seed({ stockCount: 10 });
      await shop.inventory.hold('commit-2', lines([a.productId, 3]), at);
      const commit = (...wanted: [string, number][]) =>
        shop.inventory.commit('commit-2', lines(...wanted), at);

      await expect(commit([a.productId, 3], [b.productId, 1])).rejects.toThrow(NotHeldError);
      await expect(commit([a.productId, 2])).rejects.toThrow(NotHeldError);
      expect(await shop.counts(a.productId)).toEqual({ stock: 10, available: 7 });
    });

    it('refuses an order that has been released', async () => {
      const product = await shop.seed({ stockCount: 10 });
      await shop.inventory.hold('commit-3', lines([product.productId, 3]), at);
      await shop.inventory.release('commit-3', [product.productId], at);

      await expect(shop.inventory.commit('commit-3', lines([product.productId, 3]), at)).rejects.toThrow(
        NotHeldError,
      );
      expect(await shop.counts(product.productId)).toEqual({ stock: 10, available: 10 });
    });

    it('sells held pieces of a product that was archived meanwhile', async () => {
      const product = await shop.seed({ stockCount: 4 });
      await shop.inventory.hold('commit-4', lines([product.productId, 1]), at);
      await shop.products.update(
        product,
        { ...product, archived: true, version: 2 },
        {
          ...product.auditLogs[0]!,
          entryId: 'archive',
          action: 'product.archived',
          entity: { type: 'product', id: product.productId },
          actor: { id: 'admin-1', role: 'Admin' },
          at: at.toISOString(),
        },
      );
      await shop.inventory.commit('commit-4', lines([product.productId, 1]), at);
      expect(await shop.counts(product.productId)).toEqual({ stock: 3, available: 3 });
    });
  });

  describe('release', () => {
    it('frees what is held, once however often it runs, and leaves no trace in the ledger', async () => {
      const product = await shop.seed({ stockCount: 10 });
      await shop.inventory.hold('release-1', lines([product.productId, 3]), at);

      await shop.inventory.release('release-1', [product.productId], at);
      await shop.inventory.release('release-1', [product.productId, product.productId], at);

      expect(await shop.counts(product.productId)).toEqual({ stock: 10, available: 10 });
      expect(await shop.ledgerOf(product.productId)).toHaveLength(1);
      expect(await shop.inventory.linesOf('release-1', [product.productId])).toEqual([]);
    });

    it('takes a sale back, once, as a change of its own in the ledger', async () => {
      const product = await shop.seed({ stockCount: 10 });
      await shop.inventory.hold('release-2', lines([product.productId, 3]), at);
      await shop.inventory.commit('release-2', lines([product.productId, 3]), at);
      const later = new Date(at.getTime() + 60_000);

      await shop.inventory.release('release-2', [product.productId], later);
      await shop.inventory.release('release-2', [product.productId], later);

      expect(await shop.counts(product.productId)).toEqual({ stock: 10, available: 10 });
      expect(await shop.ledgerOf(product.productId)).toEqual([
        { delta: 3, reason: 'returned', orderId: 'release-2' },
        { delta: -3, reason: 'sold', orderId: 'release-2' },
        { delta: 10, reason: 'initial stock' },
      ]);
    });

    it('of an order that holds nothing changes no count and bars a hold that comes late', async () => {
      const a = await shop.seed({ stockCount: 10 });
      const b = await shop.seed({ stockCount: 10 });
      await shop.inventory.release('release-3', [a.productId, b.productId], at);

      const late = shop.inventory.hold('release-3', lines([a.productId, 1], [b.productId, 1]), at);

      await expect(late).rejects.toThrow(HoldRefusedError);
      expect(await shop.counts(a.productId)).toEqual({ stock: 10, available: 10 });
      expect(await shop.ledgerOf(a.productId)).toHaveLength(1);
    });

    it('finds the lines that were held among all that were wanted', async () => {
      const a = await shop.seed({ stockCount: 10 });
      const b = await shop.seed({ stockCount: 0 });
      await shop.inventory.hold('release-4', lines([a.productId, 4]), at);
      await shop.inventory.release('release-4', [b.productId, a.productId], at);
      expect(await shop.counts(a.productId)).toEqual({ stock: 10, available: 10 });
      expect(await shop.counts(b.productId)).toEqual({ stock: 0, available: 0 });
    });

    it('racing with the hold of its own order leaves every piece free', async () => {
      const product = await shop.seed({ stockCount: 1000 });
      const races = Array.from({ length: 20 }, async (_, index) => {
        const orderId = `release-race-${index}`;
        const hold = persist(() => shop.inventory.hold(orderId, lines([product.productId, 2]), at));
        const release = persist(() => shop.inventory.release(orderId, [product.productId], at));
        const [held] = await Promise.allSettled([hold, release]);
        if (held.status === 'rejected') expect(held.reason).toBeInstanceOf(HoldRefusedError);
      });
      await Promise.all(races);
      expect(await shop.counts(product.productId)).toEqual({ stock: 1000, available: 1000 });
      expect(await shop.heldOf(product.productId)).toBe(0);
    });

    it('racing with the sale of its own order leaves every piece in stock', async () => {
      const product = await shop.seed({ stockCount: 1000 });
      const races = Array.from({ length: 20 }, async (_, index) => {
        const orderId = `sale-race-${index}`;
        const held = lines([product.productId, 2]);
        await persist(() => shop.inventory.hold(orderId, held, at));
        const commit = persist(() => shop.inventory.commit(orderId, held, at));
        const release = persist(() => shop.inventory.release(orderId, [product.productId], at));
        const [sold] = await Promise.allSettled([commit, release]);
        if (sold.status === 'rejected') expect(sold.reason).toBeInstanceOf(NotHeldError);
      });
      await Promise.all(races);
      expect(await shop.counts(product.productId)).toEqual({ stock: 1000, available: 1000 });
    });
  });

  describe('under a rush', () => {
    it('gives 120 orders at once exactly the 50 pieces there are', async () => {
      const product = await shop.seed({ stockCount: 50 });
      const results = await Promise.all(
        Array.from({ length: 120 }, (_, index) =>
          persist(() => shop.inventory.hold(`rush-${index}`, lines([product.productId, 1]), at)),
        ),
      );
      expect(results.filter((result) => result.held)).toHaveLength(50);
      expect(await shop.counts(product.productId)).toEqual({ stock: 50, available: 0 });
      expect(await shop.heldOf(product.productId)).toBe(50);
    });

    it('serves orders that name the same products in crossed order all or nothing', async () => {
      const a = await shop.seed({ stockCount: 30 });
      const b = await shop.seed({ stockCount: 20 });
      const forth = lines([a.productId, 1], [b.productId, 1]);
      const back = lines([b.productId, 1], [a.productId, 1]);
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          persist(() => shop.inventory.hold(`crossed-${index}`, index % 2 === 0 ? forth : back, at)),
        ),
      );
      expect(results.filter((result) => result.held)).toHaveLength(20);
      expect(await shop.counts(a.productId)).toEqual({ stock: 30, available: 10 });
      expect(await shop.counts(b.productId)).toEqual({ stock: 20, available: 0 });
    });

    it('sells each piece once when every order is held and sold twice over', async () => {
      const product = await shop.seed({ stockCount: 15 });
      const held = lines([product.productId, 1]);
      const buy = async (orderId: string) => {
        const result = await persist(() => shop.inventory.hold(orderId, held, at));
        if (result.held) await persist(() => shop.inventory.commit(orderId, held, at));
      };
      await Promise.all(Array.from({ length: 40 }, (_, index) => buy(`twice-${index % 20}`)));
      expect(await shop.counts(product.productId)).toEqual({ stock: 0, available: 0 });
      expect(await shop.ledgerOf(product.productId)).toHaveLength(16);
    });
  });
});
