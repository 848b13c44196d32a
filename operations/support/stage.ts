import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryEffects } from '../../shared/adapters/dynamodb/transact.ts';
import { systemEffects } from '../../shared/effects.ts';
import type { Target } from './target.ts';

/** Tables by the names that commands call them. */
export function tablesOf(target: Target) {
  const table = (id: string) => target.output(`${id}TableName`);
  return {
    users: table('Users'),
    products: table('Products'),
    orders: table('Orders'),
    inventory: table('Inventory'),
    promotions: table('Promotions'),
    audit: table('Audit'),
    insights: table('Insights'),
    idempotency: table('Idempotency'),
  };
}
export type StageTables = ReturnType<typeof tablesOf>;

export const retryEffects: RetryEffects = { random: systemEffects().random, sleep };
