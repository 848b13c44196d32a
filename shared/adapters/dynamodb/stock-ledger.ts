import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { invalidCursor } from '../../api/list.ts';
import type { StockLedger } from '../../inventory/stock-change.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { productPartition, toStockChange } from './stock-change-item.ts';

const positionSchema = z.strictObject({
  ledgerKey: z.string().min(1).max(512),
  sk: z.string().min(1).max(512),
});

/** The ledger over the index that only rows with a change of stock are in; open holds are not. */
export function createStockLedger(client: Dynamo, table: string): StockLedger {
  return {
    async changesOf(productId, page) {
      const { Items = [] } = await transiently(() =>
        client.send(
          new QueryCommand({
            TableName: table,
            IndexName: 'ledger',
            KeyConditionExpression: 'ledgerProductId = :productId',
            ExpressionAttributeValues: { ':productId': productId },
            ScanIndexForward: false,
            // One more than asked for tells whether there is a next page.
            Limit: page.limit + 1,
            ...(page.after ? { ExclusiveStartKey: startKey(productId, page.after) } : {}),
          }),
        ),
      );
      const shown = Items.slice(0, page.limit);
      const end = Items.length > page.limit ? shown.at(-1) : undefined;
      return {
        items: shown.map(toStockChange),
        ...(end ? { next: positionSchema.strip().parse(end) } : {}),
      };
    },
  };
}

function startKey(productId: string, after: Readonly<Record<string, string>>) {
  const position = positionSchema.safeParse(after);
  if (!position.success) {
    throw invalidCursor();
  }
  return { pk: productPartition(productId), ledgerProductId: productId, ...position.data };
}
