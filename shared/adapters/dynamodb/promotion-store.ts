import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { invalidCursor, type PageRequest } from '../../api/list.ts';
import {
  isTargeted,
  type Promotion,
  personalRefusal,
  promotionSchema,
  type Shopper,
} from '../../promotions/promotion.ts';
import { limitRefusal, type PromotionStore } from '../../promotions/promotion-store.ts';
import { auditItem } from './audit-trail.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { totalKey, userUsesKey } from './promotion-uses.ts';
import { type RetryEffects, transact } from './transact.ts';

const storedSchema = promotionSchema.strip();
const usesSchema = z.object({ pk: z.string(), sk: z.string(), uses: z.number() });
const pointerSchema = z.object({ sk: z.string(), code: z.string() });
const positionSchema = z.strictObject({ promotionId: z.string().min(1).max(80) });

/** Codes are kept and looked up in capitals. */
const definitionKey = (code: string) => ({ pk: `PROMOTION#${code.trim().toUpperCase()}`, sk: 'PROMOTION' });
/** One partition tells which codes there are, by age. */
const pointerKey = (promotionId: string) => ({ pk: 'PROMOTIONS', sk: promotionId });
/** How many of the newest codes are looked at for a user. */
const consideredForUser = 25;

export interface PromotionTables {
  readonly promotions: string;
  readonly audit: string;
}

export function createPromotionFinder(client: Dynamo, table: string): Pick<PromotionStore, 'find'> {
  return {
    async find(code) {
      const { Item } = await transiently(() =>
        client.send(new GetCommand({ TableName: table, Key: definitionKey(code), ConsistentRead: true })),
      );
      return Item && storedSchema.parse(Item);
    },
  };
}

/** Promotions in their table. Their uses are written by the orders that use them (`promotion-uses.ts`). */
export function createPromotionStore(
  client: Dynamo,
  tables: PromotionTables,
  effects: RetryEffects,
): PromotionStore & {
  forUser(shopper: Shopper, currency: string | undefined, now: Date): Promise<Promotion[]>;
} {
  const table = tables.promotions;
  const readMany = (keys: readonly { pk: string; sk: string }[]) =>
    batchGet(client, table, keys, effects, { consistent: true });

  const usesOf: PromotionStore['usesOf'] = async (promotion, userId) => {
    const keys = [totalKey(promotion.promotionId), userUsesKey(promotion, userId)];
    const items = (await readMany(keys)).map((item) => usesSchema.parse(item));
    return {
      total: items.find(({ sk }) => sk === 'TOTAL')?.uses ?? 0,
      byUser: items.find(({ sk }) => sk !== 'TOTAL')?.uses ?? 0,
    };
  };

  const readPage = async (limit: number, after: string | undefined) => {
    const { Items = [] } = await transiently(() =>
      client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: after === undefined ? 'pk = :pk' : 'pk = :pk AND sk < :after',
          ExpressionAttributeValues: {
            ':pk': pointerKey('').pk,
            ...(after === undefined ? {} : { ':after': after }),
          },
          ScanIndexForward: false,
          Limit: limit,
        }),
      ),
    );
    const pointers = Items.map((item) => pointerSchema.parse(item));
    const items = pointers.length > 0 ? await readMany(pointers.map(({ code }) => definitionKey(code))) : [];
    const byId = new Map(items.map((item) => storedSchema.parse(item)).map((one) => [one.promotionId, one]));
    return pointers.flatMap(({ sk }) => byId.get(sk) ?? []);
  };

  return {
    usesOf,
    ...createPromotionFinder(client, table),
    async create(promotion, audit) {
      const { code, promotionId } = promotion;
      const definition = {
        TableName: table,
        Item: { ...definitionKey(code), ...promotion },
        ConditionExpression: 'attribute_not_exists(pk)',
      };
      const pointer = { TableName: table, Item: { ...pointerKey(promotionId), code } };
      const entry = { TableName: tables.audit, Item: auditItem(audit) };
      const actions = [{ Put: definition }, { Put: pointer }, { Put: entry }];
      return (await transact(client, actions, effects)) === undefined;
    },
    async remove({ code, promotionId }, audit) {
      const definition = {
        TableName: table,
        Key: definitionKey(code),
        ConditionExpression: 'promotionId = :id',
        ExpressionAttributeValues: { ':id': promotionId },
      };
      const pointer = { TableName: table, Key: pointerKey(promotionId) };
      const entry = { TableName: tables.audit, Item: auditItem(audit) };
      const actions = [{ Delete: definition }, { Delete: pointer }, { Put: entry }];
      return (await transact(client, actions, effects)) === undefined;
    },
    async list(page) {
      const found = await readPage(page.limit + 1, readPosition(page));
      const shown = found.slice(0, page.limit);
      const counted = shown.filter(({ maxUses }) => maxUses !== undefined);
      const totals =
        counted.length > 0 ? await readMany(counted.map((one) => totalKey(one.promotionId))) : [];
      const uses = new Map(totals.map((item) => usesSchema.parse(item)).map((item) => [item.pk, item.uses]));
      const items = shown.map((promotion) =>
        promotion.maxUses === undefined
          ? promotion
          : { ...promotion, uses: uses.get(totalKey(promotion.promotionId).pk) ?? 0 },
      );
      const last = found.length > page.limit ? shown.at(-1) : undefined;
      return { items, ...(last ? { next: { promotionId: last.promotionId } } : {}) };
    },
    async forUser(shopper, currency, now) {
      const newest = await readPage(consideredForUser, undefined);
      const usable = newest.filter(
        (promotion) =>
          isTargeted(promotion) &&
          !personalRefusal(promotion, { shopper, now }) &&
          (currency === undefined || promotion.currency === undefined || promotion.currency === currency),
      );
      const refusals = await Promise.all(usable.map((one) => limitRefusal(one, shopper.userId, { usesOf })));
      return usable.filter((_, index) => refusals[index] === undefined);
    },
  };
}

function readPosition({ after }: PageRequest): string | undefined {
  if (after === undefined) return undefined;
  const position = positionSchema.safeParse(after);
  if (!position.success) {
    throw invalidCursor();
  }
  return position.data.promotionId;
}
