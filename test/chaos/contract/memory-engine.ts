import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { TableKey } from '../../../lib/constructs/tables.ts';
import type { Dynamo } from '../../../shared/adapters/dynamodb/client.ts';
import { connectDynamo, type TestDynamo, tableProperties } from '../../support/dynamo.ts';
import { createMemoryDynamo, type MemoryDynamo } from '../aws/memory-dynamo.ts';
import { copyOutItem } from '../aws/values.ts';

/** The store of this process in the place of the engine that `startDynamo` starts. */
export async function startMemoryDynamo(...keys: TableKey[]): Promise<TestDynamo> {
  const tables = keys.map((key) => ({ name: key, properties: tableProperties(key) }));
  const client = clientOf(createMemoryDynamo(tables, { now: Date.now }));
  return { client, table: (key) => key, stop: async () => undefined };
}

/** Tests look into tables by a scan, which no request of ours does, so that it is known here alone. */
function clientOf(dynamo: MemoryDynamo): Dynamo {
  const client = connectDynamo('http://127.0.0.1:1');
  const send = async (command: object) => {
    if (!(command instanceof ScanCommand)) return dynamo.send(command);
    const { TableName = '' } = command.input;
    return { Items: dynamo.items(TableName).map(copyOutItem) };
  };
  return Object.assign(client, { send });
}
