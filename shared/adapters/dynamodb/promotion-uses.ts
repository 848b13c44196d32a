import type { Order } from '../../orders/order.ts';
import type { PromotionTerms } from '../../promotions/promotion.ts';
import { promoInvalid } from '../../promotions/promotion-store.ts';
import { isUseDue } from '../../promotions/promotion-use.ts';
import type { CancellationReason } from './faults.ts';
import { isFalseCondition, type TransactItem } from './transact.ts';

const partition = (promotionId: string) => `USES#${promotionId}`;
export const totalKey = (promotionId: string) => ({ pk: partition(promotionId), sk: 'TOTAL' });
/** A customer's uses of the code; of the codes for first orders all together, as a customer has one first order. */
export const userUsesKey = (
  { promotionId, firstOrderOnly }: Pick<PromotionTerms, 'promotionId' | 'firstOrderOnly'>,
  userId: string,
) => ({ pk: partition(firstOrderOnly ? 'FIRST' : promotionId), sk: `USER#${userId}` });
const orderUseKey = (promotionId: string, orderId: string) => ({
  pk: partition(promotionId),
  sk: `ORDER#${orderId}`,
});

/** Counters exist where there is a limit, so that a code without one is no item that all its orders meet at. */
function counters({ promotion, userId }: Order) {
  if (!promotion) return [];
  const { promotionId, maxUses, maxUsesPerUser, firstOrderOnly } = promotion;
  return [
    ...(maxUses === undefined
      ? []
      : [{ key: totalKey(promotionId), limit: maxUses, reason: 'used_up' as const }]),
    ...(maxUsesPerUser === undefined
      ? []
      : [
          {
            key: userUsesKey(promotion, userId),
            limit: maxUsesPerUser,
            reason: firstOrderOnly ? ('first_order_only' as const) : ('used_up_by_you' as const),
          },
        ]),
  ];
}

/** The use of an order's code, as actions of the transaction that places the order. */
export function useActions(table: string, order: Order): TransactItem[] {
  const { promotion, orderId, userId, createdAt } = order;
  if (!promotion) return [];
  return [
    ...counters(order).map(({ key, limit }) => ({
      Update: {
        TableName: table,
        Key: key,
        UpdateExpression: 'ADD uses :one',
        ConditionExpression: 'attribute_not_exists(uses) OR uses < :limit',
        ExpressionAttributeValues: { ':one': 1, ':limit': limit },
      },
    })),
    {
      Put: {
        TableName: table,
        Item: {
          ...orderUseKey(promotion.promotionId, orderId),
          code: promotion.code,
          userId,
          usedAt: createdAt,
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
  ];
}

/** Throws Problem promo_invalid when a limit is why the actions of `useActions` were refused. */
export function refuseUse(order: Order, reasons: readonly CancellationReason[]): void {
  counters(order).forEach(({ reason }, index) => {
    if (isFalseCondition(reasons[index])) throw promoInvalid(reason);
  });
}

/**
 * The order as it is to be saved, and what gives the use of its code back in the same transaction. The row of the
 * use goes once, so that a use cannot be given back twice.
 */
export function withRelease(
  table: () => string,
  order: Order,
): { readonly order: Order; readonly actions: TransactItem[] } {
  const { promotion } = order;
  if (!promotion || !isUseDue(order)) return { order, actions: [] };
  const TableName = table();
  return {
    order: { ...order, promotion: { ...promotion, released: true } },
    actions: [
      ...counters(order).map(({ key }) => ({
        Update: {
          TableName,
          Key: key,
          UpdateExpression: 'ADD uses :less',
          ExpressionAttributeValues: { ':less': -1 },
        },
      })),
      {
        Delete: {
          TableName,
          Key: orderUseKey(promotion.promotionId, order.orderId),
          ConditionExpression: 'attribute_exists(pk)',
        },
      },
    ],
  };
}
