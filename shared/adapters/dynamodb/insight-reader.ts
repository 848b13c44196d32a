import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Days, InsightReader, Ranked } from '../../insights/insight-reader.ts';
import { monthsOf } from '../../insights/report-period.ts';
import { orderStatusSchema } from '../../orders/status.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { groupKey } from './insight-items.ts';

const count = z.number().default(0);
const counts = { sk: z.string(), orders: count, units: count, amount: count };
const salesSchema = z.object(counts);
const productSchema = z.object({
  ...counts,
  name: z.string().default(''),
  paidOrders: count,
  paidUnits: count,
  revenue: count,
});
const rankedSchema = z.object({ sk: z.string(), score: z.number() });

/** Counters by Query, eventually consistent: half a read unit for each 4 KB of them. */
export function createInsightReader(client: Dynamo, table: string): InsightReader {
  const query = async (input: Omit<QueryCommandInput, 'TableName'>, pages: boolean) => {
    const items: unknown[] = [];
    let position: Record<string, unknown> | undefined;
    do {
      const answer = await transiently(() =>
        client.send(
          new QueryCommand({
            TableName: table,
            ...input,
            ...(position ? { ExclusiveStartKey: position } : {}),
          }),
        ),
      );
      items.push(...(answer.Items ?? []));
      position = answer.LastEvaluatedKey;
    } while (pages && position);
    return items;
  };
  const inDays = async (family: string, { from, to }: Days) => {
    const byMonth = monthsOf({ from, to }).map((month) =>
      query(
        {
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          // Members start with the day and a hash mark, which sorts before the tilde.
          ExpressionAttributeValues: { ':pk': groupKey(family, month), ':from': from, ':to': `${to}~` },
        },
        true,
      ),
    );
    return (await Promise.all(byMonth)).flat();
  };
  const top = async (family: string, group: string, limit: number): Promise<Ranked[]> => {
    const items = await query(
      {
        IndexName: 'byScore',
        KeyConditionExpression: 'pk = :pk AND score > :none',
        ExpressionAttributeValues: { ':pk': groupKey(family, group), ':none': 0 },
        ScanIndexForward: false,
        Limit: limit,
      },
      false,
    );
    return items.map((item) => rankedSchema.parse(item)).map(({ sk, score }) => ({ productId: sk, score }));
  };
  return {
    async sales(days) {
      const items = await inDays('sales', days);
      return items.map((item) => {
        const { sk, ...numbers } = salesSchema.parse(item);
        const [day = '', status, currency = ''] = sk.split('#');
        return { day, status: orderStatusSchema.parse(status), currency, ...numbers };
      });
    },
    async productSales(days) {
      const items = await inDays('product', days);
      return items.map((item) => {
        const { sk, ...numbers } = productSchema.parse(item);
        const [day = '', currency = '', ...productId] = sk.split('#');
        return { day, currency, productId: productId.join('#'), ...numbers };
      });
    },
    boughtTogether: (productId, limit) => top('together', productId, limit),
    bestSellers: (category, limit) =>
      top('bought', category === undefined ? 'ALL' : `CATEGORY#${category}`, limit),
  };
}
