import { deepEqual } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type StageName, stageNames } from '../../lib/stage-settings.ts';
import type { CheckContext } from './deploy-and-check.ts';
import { denials, errorsIn, readLogs } from './lambda-logs.ts';
import { stacksOf } from './stacks.ts';

/** Lambdas that nothing here calls: gaps.ts names the tests of promotions and of Stripe. */
const idle: readonly string[] = ['announcement', 'payment-webhook'];

/** What the Lambdas logged during all this. */
export async function checkLogs({ report, emulator, assembly }: CheckContext): Promise<void> {
  const lines = await report.step('logs of the Lambdas read', () => readLogs(emulator.endpoint));
  const heard = new Set(lines.map(({ group }) => group));
  for (const stage of stageNames) {
    await report.check(`${stage}: all Lambdas ran but ${idle.join(' and ')}`, async () => {
      const groups = await logGroupsOf(assembly, stage);
      const silent = [...groups].filter(([, group]) => !heard.has(group)).map(([name]) => name);
      deepEqual(silent.sort(), idle);
    });
  }
  await report.check('every Lambda’s role allowed all that the Lambda did', async () => {
    deepEqual(denials(lines), []);
  });
  await report.check('no Lambda logged an error', async () => {
    deepEqual(errorsIn(lines), []);
  });
  await report.check('no log has a password, token, e-mail address or telephone number', async () => {
    const leaks = lines.filter(({ message }) =>
      /Passw0rd!|Bearer ey|eyJ[\w-]{20,}\.|@example\.com|\+1415555/.test(message),
    );
    deepEqual(
      leaks.map(({ group, message }) => `${group}: ${message.slice(0, 300)}`),
      [],
    );
  });
}

const functionSchema = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({
    Environment: z.object({ Variables: z.object({ POWERTOOLS_SERVICE_NAME: z.string() }) }),
    LoggingConfig: z.object({ LogGroup: z.object({ Ref: z.string() }) }),
  }),
});
const templateSchema = z.object({ Resources: z.record(z.string(), z.unknown()) });

/** The log group of each Lambda of a stage. */
async function logGroupsOf(assembly: string, stage: StageName): Promise<Map<string, string>> {
  const [, backend = ''] = stacksOf(stage);
  const text = await readFile(join(assembly, `${backend}.template.json`), 'utf8');
  const { Resources } = templateSchema.parse(JSON.parse(text));
  return new Map(
    Object.values(Resources).flatMap((resource) => {
      const { success, data } = functionSchema.safeParse(resource);
      if (!success) return [];
      const { Environment, LoggingConfig } = data.Properties;
      // As the emulator names what has no name in the template.
      const group = `/aws/cloudformation/${backend}/${LoggingConfig.LogGroup.Ref}`;
      return [[Environment.Variables.POWERTOOLS_SERVICE_NAME, group]];
    }),
  );
}
