import { emulatorContext } from '../../lib/emulator-leave-outs.ts';
import { Cdk } from './cdk.ts';
import { checkChangedDeployment, checkUnchangedDeployment, synthesizeChanged } from './check-deployments.ts';
import { checkDestroyed, checkProtected } from './check-destroy.ts';
import { checkLogs } from './check-logs.ts';
import { checkStacks } from './check-stacks.ts';
import {
  type DeployedStage,
  deployedStage,
  mailDomain,
  prepareStage,
  verifyMailDomain,
} from './deployed-stage.ts';
import type { Emulator } from './emulator.ts';
import { reportGaps } from './gaps.ts';
import { checkJourney } from './journey.ts';
import type { Report } from './report.ts';
import type { DeployTenant } from './tenant.ts';

export interface CheckContext {
  readonly report: Report;
  readonly emulator: Emulator;
  readonly tenant: DeployTenant;
  readonly cdk: Cdk;
  /** Where the run's files go. */
  readonly folder: string;
  /** Folder of the cloud assembly that is deployed. */
  readonly assembly: string;
  /** What it was synthesized with. */
  readonly context: Readonly<Record<string, string>>;
}

/** What the stages are synthesized with, as an operator gives it by `-c key=value`. */
export function contextOf(auth0Issuer: string): Readonly<Record<string, string>> {
  return {
    [emulatorContext]: 'true',
    auth0Issuer,
    emailFrom: `Storefront <orders@${mailDomain}>`,
    emailIdentity: mailDomain,
    smsType: 'Transactional',
    paymentProvider: 'sandbox',
  };
}

/** Everything from the first synthesis to the last stack destroyed. */
export async function deployAndCheck(given: {
  readonly report: Report;
  readonly emulator: Emulator;
  readonly tenant: DeployTenant;
  /** Where the run's files go. */
  readonly folder: string;
}): Promise<void> {
  const { report, emulator, tenant, folder } = given;
  const cdk = new Cdk(emulator, folder);
  const context = contextOf(tenant.issuer);
  const [assembly] = await Promise.all([
    report.step('cdk synth', () => cdk.synth('cdk.out', context)),
    report.step('cdk bootstrap', () => cdk.bootstrap()),
    verifyMailDomain(emulator),
  ]);
  const checks = { report, emulator, tenant, cdk, folder, assembly, context };

  // Takes a while, and nothing else waits for it.
  const changing = synthesizeChanged(checks, 'dev');
  changing.catch(() => undefined);
  const dev = await deployStage(checks, 'dev');
  await checkUnchangedDeployment(checks, dev);
  await checkChangedDeployment(checks, dev, await changing);
  const prod = await deployStage(checks, 'prod');
  await checkLogs(checks);
  await checkDestroyed(checks, dev);
  await checkProtected(checks, prod);
  reportGaps(report);
}

async function deployStage(checks: CheckContext, name: DeployedStage['name']): Promise<DeployedStage> {
  const { report, emulator, tenant, cdk, assembly } = checks;
  const { outputs } = await report.step(`cdk deploy of ${name}`, () =>
    cdk.deploy(assembly, [`storefront-${name}-*`]),
  );
  const stage = deployedStage(name, outputs, emulator.endpoint);
  await checkStacks(checks, name);
  await report.step(`secrets and first staff of ${name}`, () => prepareStage(stage, emulator, tenant));
  await checkJourney(checks, stage);
  return stage;
}
