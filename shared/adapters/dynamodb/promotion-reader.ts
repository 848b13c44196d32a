import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type PromotionReader, promotionSchema } from '../../promotions/promotion.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';

const storedSchema = z.object(promotionSchema.shape);

/** Promotions by code; codes are kept and looked up in capitals. */
export function createPromotionReader(client: Dynamo, table: string): PromotionReader {
  return {
    async find(code) {
      const Key = { pk: `PROMOTION#${code.toUpperCase()}`, sk: 'PROMOTION' };
      const { Item } = await transiently(() =>
        client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true })),
      );
      return Item && storedSchema.parse(Item);
    },
  };
}
