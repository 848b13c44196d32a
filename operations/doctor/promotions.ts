import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import { type Check, type Examination, type Finding, unreadable } from './doctor.ts';
import { type Counted, examineCounter } from './repair-counter.ts';

/** Items of a code's uses: `TOTAL` and `USER#…` count, `ORDER#…` is a use. */
const itemSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  code: z.string().optional(),
  userId: z.string().optional(),
  uses: z.number().optional(),
  promotionId: z.string().optional(),
  maxUses: z.number().optional(),
  maxUsesPerUser: z.number().optional(),
  firstOrderOnly: z.boolean().optional(),
});
type Item = z.infer<typeof itemSchema>;

const partition = 'USES#';
/** The one use of all codes for first orders; `first-orders.ts` looks after it. */
export const firstOrders = 'USES#FIRST';
const keyOf = ({ pk, sk }: Item) => `${pk} ${sk}`;
const isUse = ({ sk }: Item) => sk.startsWith('ORDER#');

/** A code's counters agree with its rows. Only codes with limits have counters. */
export const checkPromotions: Check = async (examination) => {
  const findings: Finding[] = [];
  const uses = new Map<string, Item[]>();
  const counters = new Map<string, Item>();
  const codes = new Map<string, string>();
  /** Partitions whose users are counted one by one. */
  const countedByUser = new Set<string>();
  for await (const page of examination.scan('promotions')) {
    for (const found of page) {
      const { data: item, error } = itemSchema.safeParse(found);
      if (!item) {
        const entity = { type: 'promotion', id: String(found.code ?? found.pk) } as const;
        findings.push(unreadable(entity, `${found.pk} ${found.sk}`, error));
        continue;
      }
      if (item.promotionId !== undefined && item.code !== undefined) {
        codes.set(`${partition}${item.promotionId}`, item.code);
        // A total that is not there is a count of nothing.
        const byUser = item.maxUsesPerUser !== undefined && item.firstOrderOnly !== true;
        if (byUser) countedByUser.add(`${partition}${item.promotionId}`);
        const total = { pk: `${partition}${item.promotionId}`, sk: 'TOTAL' };
        if (item.maxUses !== undefined && !counters.has(keyOf(total))) counters.set(keyOf(total), total);
      }
      if (!item.pk.startsWith(partition) || item.pk === firstOrders) continue;
      if (isUse(item)) uses.set(item.pk, [...(uses.get(item.pk) ?? []), item]);
      else counters.set(keyOf(item), item);
    }
  }
  // A counter that is not there is a count of nothing, which a use says otherwise.
  for (const pk of countedByUser) {
    for (const { userId } of uses.get(pk) ?? []) {
      const counter = { pk, sk: `USER#${userId}` };
      if (!counters.has(keyOf(counter))) counters.set(keyOf(counter), counter);
    }
  }
  for (const { pk, sk, uses: counted = 0 } of counters.values()) {
    if (counted === countOf(uses.get(pk) ?? [], sk)) continue;
    const code = codes.get(pk) ?? uses.get(pk)?.[0]?.code ?? pk.slice(partition.length);
    const finding = await examineCounter(usesOf({ pk, sk, code }, examination), examination);
    if (finding) findings.push(finding);
  }
  return findings;
};

function countOf(rows: readonly Item[], sk: string): number {
  return rows.filter((row) => isUse(row) && (sk === 'TOTAL' || sk === `USER#${row.userId}`)).length;
}

function usesOf(
  { pk, sk, code }: { pk: string; sk: string; code: string },
  { target, tables }: Examination,
): Counted<Item> {
  const TableName = tables.promotions;
  return {
    kind: 'promotion_drift',
    entity: { type: 'promotion', id: code },
    what: `uses of code ${code} (${sk})`,
    async facts() {
      const items = await queryAll(target.dynamo, {
        TableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :order)',
        ExpressionAttributeValues: { ':pk': pk, ':order': 'ORDER#' },
        ConsistentRead: true,
      });
      return items.map((item) => itemSchema.parse(item));
    },
    async counts() {
      const { Item } = await target.dynamo.send(
        new GetCommand({ TableName, Key: { pk, sk }, ConsistentRead: true }),
      );
      return { uses: Item ? (itemSchema.parse(Item).uses ?? 0) : 0 };
    },
    expected: (rows) => ({ uses: countOf(rows, sk) }),
    update: (read, expected) => counterUpdate(TableName, { pk, sk }, read.uses ?? 0, expected.uses ?? 0),
  };
}

/** A counter that counts nothing may not be there. */
export function counterUpdate(
  TableName: string,
  Key: { pk: string; sk: string },
  read: number,
  expected: number,
) {
  return {
    Update: {
      TableName,
      Key,
      UpdateExpression: 'SET uses = :right',
      ConditionExpression: read === 0 ? 'attribute_not_exists(uses) OR uses = :wrong' : 'uses = :wrong',
      ExpressionAttributeValues: { ':right': expected, ':wrong': read },
    },
  };
}
