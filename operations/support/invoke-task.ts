import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Target } from './target.ts';

/** The Lambdas whose tasks a command may run again, by the output that names each. */
export type TaskFunction = 'Payment' | 'Inventory' | 'OrderWorkflow' | 'Notification' | 'Analytics' | 'Audit';

/**
 * Runs one task of a workflow Lambda as the state machine would: with the stage's own settings, rights and secrets.
 * @throws Error with the Lambda's own words when the task fails
 */
export async function invokeTask(
  target: Target,
  lambda: TaskFunction,
  payload: Readonly<Record<string, unknown>>,
): Promise<void> {
  await invokeFunction(target, `${lambda}FunctionName`, payload);
}

/** Runs the Lambda that the output names. @throws Error with the Lambda's own words when it fails */
export async function invokeFunction(
  target: Target,
  output: string,
  payload: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const answer = await target.functions.send(
    new InvokeCommand({
      FunctionName: target.output(output),
      Payload: Buffer.from(JSON.stringify(payload)),
    }),
  );
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  if (answer.FunctionError !== undefined) {
    throw new Error(`${output.replace('FunctionName', '')} failed: ${text.slice(0, 300)}`);
  }
  const result: unknown = JSON.parse(text || 'null');
  return result;
}
