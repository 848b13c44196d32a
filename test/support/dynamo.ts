import { randomUUID } from 'node:crypto';
import { CreateTableCommand, type GlobalSecondaryIndex } from '@aws-sdk/client-dynamodb';
import { type TableKey, tableDefinitions } from '../../lib/constructs/tables.ts';
import { startDynamoDb } from '../../local/dynamodb/engine.ts';
import { createDynamo, type Dynamo } from '../../shared/adapters/dynamodb/client.ts';

export interface TestDynamo {
  readonly client: Dynamo;
  /** The table's name here. */
  table(key: TableKey): string;
  stop(): Promise<void>;
}

/** A client of a local engine, which checks no credentials; but the SDK will not sign without some. */
export function connectDynamo(endpoint: string): Dynamo {
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  process.env.AWS_REGION ??= 'us-east-1';
  return createDynamo(endpoint);
}

/** The tables that the CDK app deploys, with their keys and indexes, in a real engine. */
export async function startDynamo(...keys: TableKey[]): Promise<TestDynamo> {
  const engine = await startDynamoDb(undefined);
  const client = connectDynamo(engine.endpoint);
  // The engine may be one that other test files use too.
  const run = randomUUID();
  const table = (key: TableKey) => `${key}-${run}`;
  await Promise.all(keys.map((key) => createTable(client, key, table(key))));
  return {
    client,
    table,
    stop: async () => {
      client.destroy();
      await engine.stop();
    },
  };
}

interface Index {
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly numeric?: boolean;
  readonly project: 'all' | 'keys' | readonly string[];
}

async function createTable(client: Dynamo, key: TableKey, TableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST', ...tableProperties(key) }),
  );
}

/** Keys and indexes of a table that the CDK app deploys, in the words that CloudFormation and CreateTable share. */
export function tableProperties(key: TableKey) {
  const definition: { partitionKey: string; sortKey?: string; indexes?: Record<string, Index> } =
    tableDefinitions[key];
  const { partitionKey, sortKey, indexes = {} } = definition;
  const indexKeys = Object.values(indexes).flatMap((index) => [index.partitionKey, index.sortKey]);
  const numbers = new Set(Object.values(indexes).flatMap((index) => (index.numeric ? [index.sortKey] : [])));
  const names = new Set([partitionKey, ...(sortKey ? [sortKey] : []), ...indexKeys]);
  const secondary = Object.entries(indexes).map(([name, index]) => toIndex(name, index));
  return {
    AttributeDefinitions: [...names].map((name) => ({
      AttributeName: name,
      AttributeType: numbers.has(name) ? ('N' as const) : ('S' as const),
    })),
    KeySchema: keySchema(partitionKey, sortKey),
    ...(secondary.length > 0 ? { GlobalSecondaryIndexes: secondary } : {}),
  };
}

function toIndex(IndexName: string, { partitionKey, sortKey, project }: Index): GlobalSecondaryIndex {
  return { IndexName, KeySchema: keySchema(partitionKey, sortKey), Projection: projection(project) };
}

function projection(project: Index['project']): GlobalSecondaryIndex['Projection'] {
  if (project === 'all') return { ProjectionType: 'ALL' };
  if (project === 'keys') return { ProjectionType: 'KEYS_ONLY' };
  return { ProjectionType: 'INCLUDE', NonKeyAttributes: [...project] };
}

function keySchema(partitionKey: string, sortKey: string | undefined) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
  ];
}
