import type { Patch } from './code.ts';
import type { Weather } from './hunt.ts';

/** One safeguard taken out of the production code. The proof has to notice. */
export interface Mutant {
  readonly name: string;
  readonly patch: Patch;
  /** The days that the safeguard is for. */
  readonly weather?: Weather;
}

const mutant = (name: string, file: string, find: string, replace: string, weather?: Weather): Mutant => ({
  name,
  patch: { file, find, replace },
  ...(weather ? { weather } : {}),
});

const row = 'shared/adapters/dynamodb/inventory-row.ts';
const orders = 'shared/adapters/dynamodb/order-store.ts';
const records = 'shared/adapters/dynamodb/payment-records.ts';
const pay = 'shared/payments/pay.ts';
const checkout = 'statemachines/checkout-orchestrator.asl.json';
const settle = 'shared/orders/checkout/settle-order.ts';
const reconcile = 'shared/orders/reconcile.ts';

/** Each safeguard in turn. A patch whose text is gone fails: the list has to follow the code. */
export const mutants: readonly Mutant[] = [
  mutant(
    'hold without asking what is free',
    row,
    "'availableCount >= :quantity AND archived = :no'",
    "'availableCount >= :quantity OR archived = :no'",
  ),
  mutant(
    'rows of stock that overwrite each other',
    row,
    "      ConditionExpression: 'attribute_not_exists(pk)',\n      ReturnValues",
    "      ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(pk)',\n      ReturnValues",
  ),
  mutant(
    'stock moves on from any state',
    row,
    "'#state = :from AND #quantity = :quantity'",
    "'(#state = :from OR attribute_exists(#state)) AND #quantity = :quantity'",
  ),
  mutant(
    'a release that leaves no bar behind',
    row,
    'return [putRow(tables, { ...rowKey(orderId, productId), ...bar })];',
    'return bar.quantity === 0 ? [] : [putRow(tables, { ...rowKey(orderId, productId), ...bar })];',
  ),
  mutant(
    'orders saved on any version',
    orders,
    "    Item: orderToItem({ ...order, version: order.version + 1 }),\n    ConditionExpression: 'version = :read',",
    "    Item: orderToItem({ ...order, version: order.version + 1 }),\n    ConditionExpression: 'version = :read OR attribute_exists(pk)',",
  ),
  mutant(
    'an Idempotency-Key that is taken again and again',
    orders,
    "'attribute_not_exists(pk) OR expiresAt < :now'",
    "'attribute_not_exists(pk) OR expiresAt < :now OR attribute_exists(pk)'",
  ),
  mutant(
    'a promo code beyond its limit',
    'shared/adapters/dynamodb/promotion-uses.ts',
    "'attribute_not_exists(uses) OR uses < :limit'",
    "'attribute_not_exists(uses) OR uses < :limit OR attribute_exists(uses)'",
  ),
  mutant(
    'a promo code that is not given back',
    'shared/promotions/promotion-use.ts',
    'return isEnded || ',
    'return (isEnded && status === undefined) || ',
  ),
  mutant(
    'a late answer that overwrites the payment',
    records,
    "ConditionExpression: 'attribute_not_exists(#undo) AND #state = :authorizing',",
    "ConditionExpression: 'attribute_exists(pk) OR attribute_exists(#undo) OR #state = :authorizing',",
  ),
  mutant(
    'an attempt to pay after the undo',
    records,
    "'attribute_not_exists(#undo) AND (attribute_not_exists(#state) OR #state = :authorizing)'",
    "'attribute_exists(#undo) OR attribute_not_exists(#state) OR #state = :authorizing'",
  ),
  mutant(
    'Stripe is asked without a key for the intent',
    'shared/adapters/stripe/intents.ts',
    'create(parameters, { ...options, idempotencyKey: keyOf(orderId, step) })',
    'create(parameters, options)',
  ),
  mutant('an undo without a refund', pay, '  await provider.refund(payment);\n', ''),
  mutant(
    'Paid though it was to be cancelled',
    settle,
    "|| order.status === 'Cancelled' || order.cancel) return undefined;",
    "|| order.status === 'Cancelled') return undefined;",
  ),
  mutant(
    'a count that a taken back order keeps',
    settle,
    "order.status === 'Paid' ? { countDelta: -1 as const } : {}",
    "order.status === 'Refunded' ? { countDelta: -1 as const } : {}",
  ),
  mutant(
    'notices that failed and are not asked for again',
    'lambdas/order-notices/tell-changes.ts',
    'return { batchItemFailures: [{ itemIdentifier: sequenceNumber }] };',
    'return { batchItemFailures: [] };',
  ),
  mutant(
    'a held order that only its customer is told of',
    'shared/notifications/order-notices.ts',
    'notices.push(...noticesOfHold(after));',
    'notices.push(...noticesOfHold(after).slice(1));',
  ),
  mutant(
    'a mark of low stock that nobody is told of',
    'lambdas/order-notices/tell-changes.ts',
    'if (!low) return;',
    'if (!low || low.since) return;',
  ),
  mutant(
    'a sealer that keeps its failures to itself',
    'lambdas/audit-seal/seal-records.ts',
    'return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };',
    'return { batchItemFailures: [] };',
  ),
  mutant('messages without a memory', 'shared/workflow/once.ts', "if (claim === 'done') return;", ''),
  mutant(
    'a token that is stored and not looked after',
    'shared/orders/checkout/validate-profile.ts',
    'if (missingProfileFields(user).length === 0 || order?.cancel) {',
    'if (missingProfileFields(user).length === 99 || order?.cancel?.by === order?.orderId) {',
  ),
  mutant(
    'a reconciler that starts nothing',
    reconcile,
    "  await ports.checkouts.start(checkoutOf(order));\n  return 'started';",
    "  return checkoutOf(order) ? undefined : 'started';",
    { outage: 'states' },
  ),
  mutant(
    'a reconciler that releases nothing',
    reconcile,
    "    await ports.inventory.release(orderId, productIds, now);\n    return 'released';",
    "    return productIds.length < 0 ? 'released' : undefined;",
    { down: 'inventory' },
  ),
  mutant(
    'a profile’s token that takes the place of the one before',
    orders,
    "UpdateExpression: 'ADD taskTokens :token',",
    "UpdateExpression: 'SET taskTokens = :token',",
    { twice: 'order-workflow' },
  ),
  mutant(
    'a review’s token that takes the place of the one before',
    'shared/orders/checkout/hold-for-review.ts',
    'others.length > 0',
    'others.length > 99',
    { twice: 'order-workflow' },
  ),
  mutant(
    'errors of ours that skip the undo of the payment',
    checkout,
    '"Next": "UndoPayment"\n    },\n    "UndoPayment"',
    '"Next": "ReleaseInventory"\n    },\n    "UndoPayment"',
    { outage: 'dynamodb' },
  ),
  mutant(
    'a rejection that undoes nothing',
    checkout,
    '"code": "review_rejected",\n        "system": false\n      },\n      "ResultPath": "$.failure",\n      "Next": "UndoPayment"',
    '"code": "review_rejected",\n        "system": false\n      },\n      "ResultPath": "$.failure",\n      "Next": "FailOrder"',
  ),
  mutant(
    'failures that do not release the stock',
    checkout,
    '"Next": "MarkPaymentForRepair"\n        }\n      ],\n      "Next": "ReleaseInventory"',
    '"Next": "MarkPaymentForRepair"\n        }\n      ],\n      "Next": "FailOrder"',
  ),
  mutant(
    'a cancellation that is seen and passed by',
    checkout,
    '"Variable": "$.settlement.outcome",\n          "StringEquals": "cancelled",\n          "Next": "CancelRequested"',
    '"Variable": "$.settlement.outcome",\n          "StringEquals": "cancelled",\n          "Next": "UpdateInventory"',
  ),
];
