import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import { productPartition } from '../../shared/adapters/dynamodb/stock-change-item.ts';
import { type Check, type Examination, type Finding, unreadable } from './doctor.ts';
import { type Counted, examineCounter } from './repair-counter.ts';

/** A row of a product: an open hold, or a change of the ledger, or both in turn. */
const rowSchema = z.object({
  sk: z.string(),
  productId: z.string(),
  state: z.string().optional(),
  quantity: z.number().default(0),
  delta: z.number().default(0),
});
type Row = z.infer<typeof rowSchema>;
const productSchema = z.object({
  productId: z.string(),
  stockCount: z.number(),
  availableCount: z.number(),
});

interface Sums {
  readonly stockCount: number;
  readonly availableCount: number;
}

function add(sums: Sums, row: Row): Sums {
  const held = row.state === 'HELD' ? row.quantity : 0;
  return {
    stockCount: sums.stockCount + row.delta,
    availableCount: sums.availableCount + row.delta - held,
  };
}
const nothing: Sums = { stockCount: 0, availableCount: 0 };

/** `stockCount` is the sum of the ledger; `availableCount` is that less what is held. */
export const checkStock: Check = async (examination) => {
  const findings: Finding[] = [];
  const sums = new Map<string, Sums>();
  for await (const page of examination.scan('inventory')) {
    for (const item of page) {
      const { data: row, error } = rowSchema.safeParse(item);
      if (!row) {
        const entity = { type: 'product', id: String(item.productId ?? item.pk) } as const;
        findings.push(unreadable(entity, `row ${item.pk} ${item.sk} of the stock`, error));
        continue;
      }
      sums.set(row.productId, add(sums.get(row.productId) ?? nothing, row));
    }
  }
  for await (const page of examination.scan('products')) {
    for (const item of page) {
      const { data: product, error } = productSchema.safeParse(item);
      if (!product) {
        const entity = { type: 'product', id: String(item.productId) } as const;
        findings.push(unreadable(entity, `product ${item.productId}`, error));
        continue;
      }
      const { stockCount, availableCount } = sums.get(product.productId) ?? nothing;
      if (stockCount === product.stockCount && availableCount === product.availableCount) continue;
      const finding = await examineCounter(stockOf(product.productId, examination), examination);
      if (finding) findings.push(finding);
    }
  }
  return findings;
};

function stockOf(productId: string, { target, tables }: Examination): Counted<Row> {
  const TableName = tables.products;
  return {
    kind: 'stock_drift',
    entity: { type: 'product', id: productId },
    what: `stock of product ${productId}`,
    async facts() {
      const items = await queryAll(target.dynamo, {
        TableName: tables.inventory,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': productPartition(productId) },
        ConsistentRead: true,
      });
      return items.map((item) => rowSchema.parse(item));
    },
    async counts() {
      const key = { TableName, Key: { productId }, ConsistentRead: true };
      const { Item } = await target.dynamo.send(new GetCommand(key));
      if (!Item) return undefined;
      const { stockCount, availableCount } = productSchema.parse(Item);
      return { stockCount, availableCount };
    },
    expected: (rows) => ({ ...rows.reduce(add, nothing) }),
    update: (read, expected) => ({
      Update: {
        TableName,
        Key: { productId },
        UpdateExpression: 'SET stockCount = :stock, availableCount = :available',
        ConditionExpression: 'stockCount = :wrongStock AND availableCount = :wrongAvailable',
        ExpressionAttributeValues: {
          ':stock': expected.stockCount,
          ':available': expected.availableCount,
          ':wrongStock': read.stockCount,
          ':wrongAvailable': read.availableCount,
        },
      },
    }),
  };
}
