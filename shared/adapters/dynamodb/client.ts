import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientDefaults } from '../aws-client.ts';

export type Dynamo = DynamoDBDocumentClient;

let shared: Dynamo | undefined;

/** One client for a container. Undefined members are left out of items instead of refused. */
export function dynamo(): Dynamo {
  shared ??= createDynamo();
  return shared;
}

export function createDynamo(endpoint?: string): Dynamo {
  const client = new DynamoDBClient({
    ...clientDefaults,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
