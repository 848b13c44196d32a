import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { AuditEntry } from '../../audit/audit-entry.ts';
import { type ExchangeRates, type RateTable, rateTableSchema } from '../../money/exchange.ts';
import { auditItem } from './audit-trail.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { lists } from './listing-item.ts';
import { type RetryEffects, transact } from './transact.ts';

const itemSchema = rateTableSchema.strip();

/** Tables of rates, one item each, by the moment from which they hold. Former ones are kept. */
export function createExchangeRates(client: Dynamo, listings: string): ExchangeRates {
  return {
    async inEffect(at) {
      const { Items = [] } = await transiently(() =>
        client.send(
          new QueryCommand({
            TableName: listings,
            KeyConditionExpression: '#list = :rates AND #position <= :at',
            ExpressionAttributeNames: { '#list': 'list', '#position': 'position' },
            ExpressionAttributeValues: { ':rates': lists.rates, ':at': at.toISOString() },
            ScanIndexForward: false,
            Limit: 1,
            // Who sets rates sees them in the next answer.
            ConsistentRead: true,
          }),
        ),
      );
      return Items[0] && itemSchema.parse(Items[0]);
    },
  };
}

/** Keeps tables of rates, each together with its entry in the trail. */
export function createRateWriter(
  client: Dynamo,
  tables: { readonly listings: string; readonly audit: string },
  effects: RetryEffects,
) {
  return {
    /** One table for a moment: a later one for the same moment takes its place. */
    async put(table: RateTable, audit: AuditEntry): Promise<void> {
      const Item = { list: lists.rates, position: table.effectiveAt, ...table };
      await transact(
        client,
        [
          { Put: { TableName: tables.listings, Item } },
          { Put: { TableName: tables.audit, Item: auditItem(audit) } },
        ],
        effects,
      );
    },
  };
}
