import { deepEqual, equal, ok } from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundlesFolder, bundlesFolderContext } from '../../lib/bundle.ts';
import { stageSettings } from '../../lib/choose-settings.ts';
import { seededPassword } from '../../local/seed/seed-users.ts';
import { touchedResources, unchangedStacks } from './cdk.ts';
import type { CheckContext } from './deploy-and-check.ts';
import type { DeployedStage } from './deployed-stage.ts';
import type { Emulator } from './emulator.ts';
import { stackResources, stacksOf } from './stacks.ts';
import { auth0Client } from './tenant.ts';

/** A sentence that the product Lambda answers, and what the changed Lambda says instead. */
const said = 'There is no such product.';
const saysNow = 'There is no such product, says the changed Lambda.';

/** The same once more: the CLI sees that nothing changed, and forced to ask, CloudFormation touches nothing. */
export async function checkUnchangedDeployment(
  { report, emulator, cdk, assembly }: CheckContext,
  { name }: DeployedStage,
): Promise<void> {
  const stacks = stacksOf(name);
  await report.check(`${name}: cdk deploy of the same again finds no changes`, async () => {
    const { output } = await cdk.deploy(assembly, stacks);
    deepEqual(unchangedStacks(output).sort(), [...stacks].sort());
  });
  await report.check(`${name}: cdk deploy --force of the same touches no resource`, async () => {
    const before = await physicalIds(emulator, name);
    const { output } = await cdk.deploy(assembly, stacks, { force: true });
    deepEqual(touchedResources(output), []);
    deepEqual(await physicalIds(emulator, name), before);
  });
}

/** Synthesizes a stage with other code in one Lambda and another setting. Answers the folder of its assembly. */
export function synthesizeChanged(
  { report, cdk, context, folder }: CheckContext,
  stage: DeployedStage['name'],
): Promise<string> {
  return report.step(`cdk synth of a changed ${stage}`, async () =>
    cdk.synth('cdk.out.changed', {
      ...context,
      stage,
      auth0ClientId: auth0Client.clientId,
      [bundlesFolderContext]: await changeBundle(folder),
    }),
  );
}

/** Deploys the changed stage: both changes take effect, and nothing else changes. */
export async function checkChangedDeployment(
  { report, emulator, tenant, cdk }: CheckContext,
  stage: DeployedStage,
  changed: string,
): Promise<void> {
  const { name } = stage;
  const foreignToken = () =>
    tenant.foreignToken({
      email: 'manager@example.com',
      password: seededPassword,
      audience: stageSettings(name).auth0.audience,
    });
  const missingProduct = () => stage.call('GET', '/product/01MISSING');

  await report.check(`${name}: before the change, the old code and the old setting`, async () => {
    equal((await missingProduct()).json.detail, said);
    equal((await stage.call('GET', '/order', { token: await foreignToken() })).status, 200);
  });
  const before = await physicalIds(emulator, name);
  await report.step(`cdk deploy of the changed ${name}`, async () => {
    await cdk.deploy(changed, [`storefront-${name}-*`]);
  });
  await report.check(`${name}: the changed code answers`, async () => {
    equal((await missingProduct()).json.detail, saysNow);
  });
  await report.check(`${name}: the changed setting refuses another application’s tokens`, async () => {
    // A token that the authorizer has not seen, whose answer is not kept therefore.
    const answer = await stage.call('GET', '/order', { token: await foreignToken() });
    equal(answer.status, 401, answer.text);
  });
  await report.check(`${name}: the change made versions of Lambdas, and replaced nothing else`, async () => {
    const after = await physicalIds(emulator, name);
    const made = after.filter((resource) => !before.includes(resource));
    const gone = before.filter((resource) => !after.includes(resource));
    ok(made.length > 0, 'nothing was made');
    deepEqual(
      [...made, ...gone].filter((resource) => !resource.includes('CurrentVersion')),
      [],
    );
  });
}

/** What CloudFormation calls each resource of a stage, and what the service calls it. */
async function physicalIds(emulator: Emulator, stage: string): Promise<string[]> {
  const resources = await Promise.all(stacksOf(stage).map((stack) => stackResources(emulator, stack)));
  return resources.flat().map(({ logicalId, physicalId }) => `${logicalId} ${physicalId}`);
}

/** A copy of the bundles in which the product Lambda says something else. */
async function changeBundle(folder: string): Promise<string> {
  const copy = join(folder, 'changed-bundles');
  await cp(bundlesFolder, copy, { recursive: true });
  const file = join(copy, 'product', 'handler.mjs');
  const code = await readFile(file, 'utf8');
  if (!code.includes(said)) throw new Error(`The product Lambda does not say "${said}" any more`);
  await writeFile(file, code.replaceAll(said, saysNow));
  return copy;
}
