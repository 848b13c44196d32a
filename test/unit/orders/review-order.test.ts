import { expect, test } from 'vitest';
import { reviewOrder } from '../../../shared/orders/review-order.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aUser } from '../../support/builders/user.ts';
import { testEffects } from '../../support/effects.ts';
import { memoryOrders } from '../../support/memory-orders.ts';

/** An order on hold with these tokens, of which one still waits. */
function setUp(reviewToken: string, otherReviewTokens: string[], waits: string) {
  const orders = memoryOrders(anOrder({ status: 'OnHold', reviewToken, otherReviewTokens }));
  const lost: string[] = [];
  const ports = {
    orders: orders.store,
    audit: { append: async ({ action }: { action: string }) => void lost.push(action) },
    checkouts: { resume: async (token: string) => token === waits },
    effects: testEffects(),
  };
  const user = aUser({ userId: 'manager-1', role: 'Manager' });
  const decision = {
    orderId: anOrder().orderId,
    decision: 'approved' as const,
    reason: 'looked at',
    principal: { userId: user.userId, role: user.role, user, scope: 'all' as const },
    client: { ip: '203.0.113.7', region: 'US', userAgent: 'test' },
    requestId: 'request-1',
  };
  return { lost, decide: () => reviewOrder(decision, ports) };
}

test('a decision reaches the attempt that waits, though a dead one stored its token after it', async () => {
  const shop = setUp('dead', ['alive'], 'alive');
  expect(await shop.decide()).toMatchObject({ review: { decision: 'approved' } });
  expect(shop.lost).toEqual([]);
});

test('a decision that no attempt waits for is said to be lost', async () => {
  const shop = setUp('dead', ['dead too'], 'none');
  await expect(shop.decide()).rejects.toMatchObject({ code: 'invalid_state' });
  expect(shop.lost).toEqual(['order.review_lost']);
});
