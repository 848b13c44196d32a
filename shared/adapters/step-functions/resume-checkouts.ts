import { SFNClient } from '@aws-sdk/client-sfn';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CheckoutResumer } from '../../identity/checkout-resumer.ts';
import { clientDefaults } from '../aws-client.ts';
import type { Dynamo } from '../dynamodb/client.ts';
import { isConditionFailure, transiently } from '../dynamodb/faults.ts';
import { queryAll } from '../dynamodb/query-all.ts';
import { createTaskAnswers } from './checkout-runs.ts';

/** Written by the workflow's waitForProfile. */
const waitingSchema = z.object({ pk: z.string(), sk: z.string(), taskToken: z.string() });
type Waiting = z.infer<typeof waitingSchema>;

/** Wakes the checkouts whose task tokens lie under `WAITING#<userId>` in the Orders table. */
export function createCheckoutResumer(
  client: Dynamo,
  ordersTable: string,
  workflow: SFNClient,
): CheckoutResumer {
  const answers = createTaskAnswers(workflow);
  return {
    async resumeFor(userId) {
      for (const waiting of await findWaiting(client, ordersTable, userId)) {
        // A checkout that was resumed before, timed out or was stopped waits no more; that is fine.
        await answers.resume(waiting.taskToken, {});
        await forget(client, ordersTable, waiting);
      }
    },
  };
}

async function findWaiting(client: Dynamo, table: string, userId: string): Promise<Waiting[]> {
  const found = await queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :waiting',
    ExpressionAttributeValues: { ':waiting': `WAITING#${userId}` },
    ConsistentRead: true,
  });
  return found.map((item) => waitingSchema.parse(item));
}

/** Only the token that was used: a retried task may have left a newer one meanwhile. */
async function forget(client: Dynamo, table: string, { pk, sk, taskToken }: Waiting): Promise<void> {
  try {
    await transiently(() =>
      client.send(
        new DeleteCommand({
          TableName: table,
          Key: { pk, sk },
          ConditionExpression: 'taskToken = :used',
          ExpressionAttributeValues: { ':used': taskToken },
        }),
      ),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
}

export function createWorkflowClient(): SFNClient {
  return new SFNClient(clientDefaults);
}
