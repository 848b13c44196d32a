import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { tableDefinitions } from '../../lib/constructs/tables.ts';
import { CommandFailedError } from './child.ts';
import type { CheckContext } from './deploy-and-check.ts';
import type { DeployedStage } from './deployed-stage.ts';
import { expectedLeftovers, keyState, resourcesOfStage, retained } from './leftovers.ts';
import {
  liftTerminationProtection,
  type StackResource,
  stackResources,
  stacksOf,
  stacksOfOurs,
} from './stacks.ts';

interface Inventory {
  readonly resources: readonly StackResource[];
  /** What should be there once the stacks are gone. */
  readonly kept: readonly string[];
  readonly keyId: string;
}

async function takeInventory({ emulator, assembly }: CheckContext, stage: string): Promise<Inventory> {
  const stacks = stacksOf(stage);
  const resources = (await Promise.all(stacks.map((name) => stackResources(emulator, name)))).flat();
  const logicalIds = await Promise.all(stacks.map((name) => retained(assembly, name)));
  const keptIds = new Set(logicalIds.flatMap((ids) => [...ids]));
  const before = await resourcesOfStage(emulator, stage);
  ok(before.length > 20, `only ${before.length} resources were found before: the lists are wrong`);
  return {
    resources,
    kept: expectedLeftovers(before, resources, keptIds),
    keyId: resources.find(({ type }) => type === 'AWS::KMS::Key')?.physicalId ?? '',
  };
}

/** A stage that does not protect its data leaves nothing but what the template says is the account's. */
export async function checkDestroyed(checks: CheckContext, { name }: DeployedStage): Promise<void> {
  const { report, emulator, cdk, assembly } = checks;
  const { kept, keyId } = await takeInventory(checks, name);
  await report.step(`cdk destroy of ${name}`, () => cdk.destroy(assembly, [`storefront-${name}-*`]));
  await report.check(
    `${name}: destroyed, it leaves the account’s log role of API Gateway alone`,
    async () => {
      deepEqual(
        (await stacksOfOurs(emulator)).filter((stack) => stacksOf(name).includes(stack)),
        [],
      );
      deepEqual(await resourcesOfStage(emulator, name), kept);
      equal(kept.length, 1, kept.join(', '));
      match(kept[0] ?? '', /^iam .*CloudWatchRole/);
      equal(await keyState(emulator, keyId), 'PendingDeletion');
    },
  );
}

/** A stage that protects its data: its destruction is refused, and once allowed it leaves the data. */
export async function checkProtected(checks: CheckContext, { name }: DeployedStage): Promise<void> {
  const { report, emulator, cdk, assembly } = checks;
  const { kept, keyId } = await takeInventory(checks, name);
  const stacks = stacksOf(name);
  for (const stack of stacks.toReversed()) {
    await report.check(`${name}: cdk destroy of ${stack} is refused`, async () => {
      let refusal: unknown;
      try {
        await cdk.destroy(assembly, [stack]);
      } catch (error) {
        refusal = error;
      }
      ok(refusal instanceof CommandFailedError, 'it was not refused');
      match(refusal.output, /[Tt]ermination ?[Pp]rotection/);
      ok((await stacksOfOurs(emulator)).includes(stack));
    });
  }
  await report.step(`cdk destroy of ${name}, its protection lifted`, async () => {
    for (const stack of stacks) await liftTerminationProtection(emulator, stack);
    await cdk.destroy(assembly, [`storefront-${name}-*`]);
  });
  await report.check(
    `${name}: destroyed, it leaves its data, key, backups and logs, and nothing else`,
    async () => {
      deepEqual(await stacksOfOurs(emulator), []);
      deepEqual(await resourcesOfStage(emulator, name), kept);
      const tables = Object.keys(tableDefinitions).length;
      equal(kept.filter((line) => line.startsWith('dynamodb ')).length, tables, kept.join('\n'));
      equal(await keyState(emulator, keyId), 'Enabled');
    },
  );
}
