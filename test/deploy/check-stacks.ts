import { deepEqual } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CheckContext } from './deploy-and-check.ts';
import type { DeployedStage } from './deployed-stage.ts';
import { stackResources, stacksOf } from './stacks.ts';

const templateSchema = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) });

/** CloudFormation has made every resource of the templates: none is missing, none is in another state. */
export async function checkStacks(
  { report, emulator, assembly }: CheckContext,
  stage: DeployedStage['name'],
): Promise<void> {
  for (const stackName of stacksOf(stage)) {
    const text = await readFile(join(assembly, `${stackName}.template.json`), 'utf8');
    const wanted = Object.entries(templateSchema.parse(JSON.parse(text)).Resources);
    await report.check(`${stage}: all ${wanted.length} resources of ${stackName} are made`, async () => {
      const made = await stackResources(emulator, stackName);
      deepEqual(
        made.map(({ logicalId, type, status }) => `${logicalId} ${type} ${status}`).sort(),
        wanted.map(([logicalId, { Type }]) => `${logicalId} ${Type} CREATE_COMPLETE`).sort(),
      );
    });
  }
}
