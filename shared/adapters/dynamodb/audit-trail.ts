import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { AuditEntry, AuditTrail } from '../../audit/audit-entry.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';

/** The Audit table's item of an entry; also put inside the transactions of other stores. */
export function auditItem(entry: AuditEntry): Record<string, unknown> {
  return {
    pk: `${entry.entity.type.toUpperCase()}#${entry.entity.id}`,
    sk: `${entry.at}#${entry.entryId}`,
    // Key of the index that finds all that a person did; the workflow's own entries are in none.
    ...(entry.actor.role === 'System' ? {} : { actorId: entry.actor.id }),
    ...entry,
  };
}

export function createAuditTrail(client: Dynamo, table: string): AuditTrail {
  return {
    async append(entry) {
      try {
        await transiently(() =>
          client.send(
            new PutCommand({
              TableName: table,
              Item: auditItem(entry),
              ConditionExpression: 'attribute_not_exists(pk)',
            }),
          ),
        );
      } catch (error) {
        // The entry is there already: this is a repetition, and the trail is append-only.
        if (!isConditionFailure(error)) throw error;
      }
    },
  };
}
