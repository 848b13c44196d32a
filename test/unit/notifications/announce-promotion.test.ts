import { describe, expect, it } from 'vitest';
import type { User } from '../../../shared/identity/user.ts';
import { type AnnouncePorts, announcePromotion } from '../../../shared/notifications/announce-promotion.ts';
import type { Notification } from '../../../shared/notifications/notification.ts';
import type { Promotion } from '../../../shared/promotions/promotion.ts';
import { aPromotion } from '../../support/builders/promotion.ts';
import { aUser } from '../../support/builders/user.ts';
import { testEffects } from '../../support/effects.ts';

const subscriber = (userId: string, fields: Partial<User> = {}) =>
  aUser({ userId, preferences: { newsletterOptIn: true }, ...fields });

function shopWith(users: User[], promotion?: Promotion) {
  const published: Notification[] = [];
  const done = new Set<string>();
  const ports: AnnouncePorts = {
    clock: testEffects().clock,
    promotions: { find: async () => promotion },
    users: {
      async list({ limit, after }) {
        const from = users.findIndex(({ userId }) => userId === after?.userId) + 1;
        const items = users.slice(from, from + limit);
        const last = items.at(-1);
        return from + limit < users.length && last ? { items, next: { userId: last.userId } } : { items };
      },
    },
    notifier: {
      async publish(notification) {
        published.push(notification);
      },
    },
    once: {
      claim: async (key) => (done.has(key) ? 'done' : 'claimed'),
      async complete(key) {
        done.add(key);
      },
      release: async () => undefined,
    },
  };
  return { ports, published };
}

describe('an announcement', () => {
  it('goes to customers who subscribed and can use the code', async () => {
    const users = [
      subscriber('yes'),
      aUser({ userId: 'never asked' }),
      subscriber('no more', { preferences: { newsletterOptIn: false } }),
      subscriber('disabled', { disabled: true }),
      subscriber('has ordered', { orderCount: 1 }),
      subscriber('manager', { role: 'Manager' }),
    ];
    const { ports, published } = shopWith(users, aPromotion({ firstOrderOnly: true }));
    expect(await announcePromotion({ code: 'SPRING' }, ports)).toEqual({ announced: 1 });
    expect(published).toMatchObject([{ type: 'promotion', topic: 'user', userId: 'yes' }]);
  });

  it('says all by which the code could be refused', async () => {
    const minimum = { amount: 5000, currency: 'EUR' };
    const terms = { kind: 'fixed', value: 500, currency: 'EUR', minimum, maxUses: 100 } as const;
    const { ports, published } = shopWith(
      [subscriber('yes')],
      aPromotion({ ...terms, firstOrderOnly: true }),
    );
    await announcePromotion({ code: 'SPRING' }, ports);
    expect(published[0]?.data).toMatchObject({
      currency: 'EUR',
      minimum: '5000',
      minimumCurrency: 'EUR',
      maxUses: '100',
      maxUsesPerUser: '1',
      firstOrderOnly: 'true',
    });
  });

  it('goes page by page, and to nobody twice', async () => {
    const users = Array.from({ length: 120 }, (_, index) =>
      subscriber(`user-${String(index).padStart(3, '0')}`),
    );
    const { ports, published } = shopWith(users, aPromotion({}));
    for (const _run of [1, 2]) {
      let cursor: string | undefined;
      do {
        ({ nextCursor: cursor } = await announcePromotion({ code: 'SPRING', cursor }, ports));
      } while (cursor !== undefined);
    }
    expect(new Set(published.map(({ userId }) => userId)).size).toBe(120);
    expect(published).toHaveLength(120);
  });

  it('of a code that there is not, or that is over, is refused', async () => {
    const over = aPromotion({ endsAt: '2026-03-01T12:00:00.000Z' });
    for (const promotion of [undefined, over]) {
      const { ports } = shopWith([subscriber('yes')], promotion);
      await expect(announcePromotion({ code: 'SPRING' }, ports)).rejects.toThrow('SPRING');
    }
  });
});
