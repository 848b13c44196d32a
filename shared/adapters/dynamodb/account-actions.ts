import { Problem } from '../../api/problem.ts';
import type { PaidOrderFlags } from '../../orders/order-store.ts';
import type { CancellationReason } from './faults.ts';
import { isFalseCondition, type TransactItem } from './transact.ts';
import { userKey } from './user-directory.ts';

/** As part of the placing: an erasure shuts the account first, so no order comes after it. */
export function accountIsOpen(table: string, userId: string): TransactItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: userKey(userId),
      ConditionExpression: 'attribute_exists(pk) AND disabled = :no',
      ExpressionAttributeValues: { ':no': false },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/**
 * Not a refusal for the trail: it would leave an entry behind of somebody who has just been erased.
 * @throws Problem account_disabled · invalid_token
 */
export function refuseClosedAccount(reason: CancellationReason | undefined): void {
  if (!isFalseCondition(reason)) return;
  if (reason?.item) throw new Problem('account_disabled', 'This account has been disabled.');
  throw new Problem('invalid_token', 'The token belongs to no account.');
}

/** Moves the customer's count of paid orders and brings their flags up to date; an account that is gone stays gone. */
export function countedOrder(
  table: string,
  userId: string,
  delta: 1 | -1,
  flags: PaidOrderFlags | undefined,
): TransactItem {
  return {
    Update: {
      TableName: table,
      Key: userKey(userId),
      UpdateExpression: ['ADD orderCount :delta', ...setting(flags)].join(' '),
      ExpressionAttributeValues: {
        ':delta': delta,
        ...(flags?.preferredPaymentMethod ? { ':method': flags.preferredPaymentMethod } : {}),
        ...(flags?.lastSelectedAddress ? { ':address': flags.lastSelectedAddress } : {}),
      },
      ConditionExpression: 'attribute_exists(pk)',
    },
  };
}

/** The SET clause of a paid order's flags, when there are any. */
function setting(flags: PaidOrderFlags | undefined): string[] {
  const parts = [
    ...(flags?.preferredPaymentMethod ? ['preferredPaymentMethod = :method'] : []),
    ...(flags?.lastSelectedAddress ? ['lastSelectedAddress = :address'] : []),
  ];
  return parts.length > 0 ? [`SET ${parts.join(', ')}`] : [];
}
