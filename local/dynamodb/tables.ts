import { z } from 'zod';
import type { TableModel } from '../template/deployment.ts';
import { callDynamoDb } from './raw-client.ts';

/** The properties of AWS::DynamoDB::Table that an engine understands; keys, capacity alarms and such stay out. */
const tableSchema = z.object({
  AttributeDefinitions: z.array(z.unknown()),
  KeySchema: z.array(z.unknown()),
  GlobalSecondaryIndexes: z
    .array(z.object({ IndexName: z.string(), KeySchema: z.unknown(), Projection: z.unknown() }))
    .optional(),
  LocalSecondaryIndexes: z.array(z.unknown()).optional(),
  StreamSpecification: z
    .object({ StreamViewType: z.string() })
    .transform((stream) => ({ StreamEnabled: true, ...stream }))
    .optional(),
});
const timeToLiveSchema = z.object({
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }),
});
const tableListSchema = z.object({ TableNames: z.array(z.string()) });

/** Makes the tables that the engine does not have yet. Answers whether there was none before. */
export async function createTables(
  endpoint: string,
  tables: readonly TableModel[],
): Promise<{ fresh: boolean }> {
  const { TableNames } = tableListSchema.parse(await callDynamoDb(endpoint, 'ListTables', {}));
  const missing = tables.filter(({ name }) => !TableNames.includes(name));
  for (const { name, properties } of missing) {
    await callDynamoDb(endpoint, 'CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      ...tableSchema.parse(properties),
    });
    const timeToLive = timeToLiveSchema.safeParse(properties);
    if (timeToLive.success) {
      await callDynamoDb(endpoint, 'UpdateTimeToLive', { TableName: name, ...timeToLive.data });
    }
  }
  return { fresh: missing.length === tables.length };
}

export async function deleteTables(endpoint: string, tables: readonly TableModel[]): Promise<void> {
  for (const { name } of tables) await callDynamoDb(endpoint, 'DeleteTable', { TableName: name });
}
