import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DeliveryRecords } from '../../notifications/delivery-ports.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { createOnceStore } from './once-store.ts';

/** Claims like those of all effects that are done once, with what came of them. Two write units a recipient. */
export function createDeliveryRecords(client: Dynamo, table: string): DeliveryRecords {
  const { claim, release } = createOnceStore(client, table);
  return {
    claim,
    release,
    async complete(key, outcome) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: key },
        UpdateExpression: 'SET #state = :done, outcome = :outcome',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':done': 'done', ':outcome': outcome },
      });
      await transiently(() => client.send(command));
    },
  };
}
