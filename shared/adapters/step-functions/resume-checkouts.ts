import { SFNClient } from '@aws-sdk/client-sfn';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CheckoutResumer } from '../../identity/checkout-resumer.ts';
import { resumeAny } from '../../orders/checkout-runs.ts';
import { clientDefaults } from '../aws-client.ts';
import type { Dynamo } from '../dynamodb/client.ts';
import { conditionally } from '../dynamodb/faults.ts';
import { queryAll } from '../dynamodb/query-all.ts';
import { tokensOf } from '../dynamodb/waiting-tokens.ts';
import { createTaskAnswers } from './checkout-runs.ts';

/** Written by the workflow's waitForProfile. */
const keySchema = z.object({ pk: z.string(), sk: z.string() });

interface Waiting {
  readonly key: z.infer<typeof keySchema>;
  readonly tokens: readonly string[];
}

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
        await resumeAny(answers, waiting.tokens, {});
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
  return found.map((item) => ({ key: keySchema.parse(item), tokens: tokensOf(item) }));
}

/** Unless there is a token now that was not answered: a retried task may have left one meanwhile. */
async function forget(client: Dynamo, table: string, { key, tokens }: Waiting): Promise<void> {
  const command = new DeleteCommand({
    TableName: table,
    Key: key,
    ConditionExpression: 'attribute_not_exists(taskTokens) OR taskTokens = :used',
    ExpressionAttributeValues: { ':used': new Set(tokens) },
  });
  await conditionally(() => client.send(command));
}

export function createWorkflowClient(): SFNClient {
  return new SFNClient(clientDefaults);
}
