import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import {
  type AuditEntry,
  type AuditReader,
  type AuditTrail,
  auditEntrySchema,
} from '../../audit/audit-entry.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';

const partition = ({ type, id }: AuditEntry['entity']) => `${type.toUpperCase()}#${id}`;
const storedEntrySchema = z.object(auditEntrySchema.shape);
const positionSchema = z.object({ sk: z.string() });

/** The Audit table's item of an entry; also put inside the transactions of other stores. */
export function auditItem(entry: AuditEntry): Record<string, unknown> {
  return {
    pk: partition(entry.entity),
    sk: `${entry.at}#${entry.entryId}`,
    // Key of the index that finds all that a person did; the workflow's own entries are in none.
    ...(entry.actor.role === 'System' ? {} : { actorId: entry.actor.id }),
    ...entry,
  };
}

export function createAuditTrail(client: Dynamo, table: string): AuditTrail {
  return {
    async append(entry) {
      const command = new PutCommand({
        TableName: table,
        Item: auditItem(entry),
        // An entry that is there already is a repetition's, and the trail is append-only.
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      await conditionally(() => client.send(command));
    },
  };
}

/** Reads a trail by its partition, newest first: a page costs what its entries weigh. */
export function createAuditReader(client: Dynamo, table: string): AuditReader {
  return {
    async entriesOf(entity, { limit, after }) {
      const pk = partition(entity);
      const { Items = [], LastEvaluatedKey } = await transiently(() =>
        client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': pk },
            ScanIndexForward: false,
            ConsistentRead: true,
            Limit: limit,
            ...(after?.sk === undefined ? {} : { ExclusiveStartKey: { pk, sk: after.sk } }),
          }),
        ),
      );
      const items = Items.map((item) => storedEntrySchema.parse(item));
      return { items, ...(LastEvaluatedKey ? { next: positionSchema.parse(LastEvaluatedKey) } : {}) };
    },
  };
}
