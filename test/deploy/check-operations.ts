import { doesNotMatch, match } from 'node:assert/strict';
import { join } from 'node:path';
import { commandEnvironment } from './cdk.ts';
import { run } from './child.ts';
import type { DeployedStage } from './deployed-stage.ts';
import type { Emulator } from './emulator.ts';
import type { Report } from './report.ts';

const root = join(import.meta.dirname, '..', '..');

/** The operator's commands, each as a process of its own that knows the stage by its name alone. */
export async function checkOperations(
  report: Report,
  given: {
    readonly stage: DeployedStage;
    readonly emulator: Emulator;
    readonly folder: string;
    /** An order that was paid. */
    readonly orderId: string;
  },
): Promise<void> {
  const { stage, emulator, folder, orderId } = given;
  const check = (name: string, work: () => Promise<void>) => report.check(`${stage.name}: ${name}`, work);
  const command = (name: string, ...args: readonly string[]) =>
    run(process.execPath, [join('operations', `${name}.ts`), ...args, '--stage', stage.name], {
      cwd: root,
      env: commandEnvironment(emulator, folder),
      logFile: join(folder, 'operations.log'),
      timeoutSeconds: 90,
    });

  await check('npm run doctor finds nothing amiss', async () => {
    await command('doctor', '--minutes', '0.01');
  });
  await check('npm run audit:verify proves the audit trail', async () => {
    const proof = await command('audit-verify');
    match(proof, /: proved\./);
    doesNotMatch(proof, /not sealed yet/);
  });
  await check('npm run explain tells the story of an order', async () => {
    match(await command('explain', orderId), /Paid/);
  });
}
