import { PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { FinalError } from '../../shared/errors.ts';
import { createTaskHandler, defineTask } from '../../shared/workflow/task-handler.ts';

/** A Lambda that fails with all it knows of a person, as one of ours may one day: run in an execution environment. */
export const handler = createTaskHandler(() => ({
  /** DynamoDB's own error leaves it, with the person's whole item on it. */
  overwrite: defineTask({
    input: z.object({ table: z.string(), key: z.record(z.string(), z.string()) }),
    output: z.object({}),
    async run({ table, key }) {
      const command = new PutCommand({
        TableName: table,
        Item: key,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      await dynamo().send(command);
      return {};
    },
  }),
  /** Its message quotes what the net can tell as personal; its cause what only the formatter keeps off a line. */
  quote: defineTask({
    input: z.object({ email: z.string(), text: z.string() }),
    output: z.object({}),
    async run({ email, text }) {
      try {
        return z.object({}).parse(JSON.parse(text));
      } catch (error) {
        throw new FinalError(`${email} was refused`, error);
      }
    },
  }),
}));
