import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killChildren, tail } from './child.ts';
import { deployAndCheck } from './deploy-and-check.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { installEmulator } from './install.ts';
import { readLogs } from './lambda-logs.ts';
import { findPython, NotRunError, requireOpenSsl } from './prerequisites.ts';
import { Report } from './report.ts';
import { startTenant } from './tenant.ts';

/**
 * `npm run e2e:deploy`: the real `cdk deploy` against an emulated AWS on this machine, see docs/deploy-check.md.
 * Ends with 0 when every check passed, with 1 when one failed. When it could not run at all it says NOT RUN and ends
 * with 0, or with 1 if `--required`.
 */
const usage = 'npm run e2e:deploy -- [--required]   fail, instead of saying NOT RUN, when it cannot be run';
/** Beyond this something hangs: everything is ended and the run has failed. */
const longestMinutes = 12;

const { values } = parseArgs({
  options: {
    required: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const cache = join(import.meta.dirname, '..', '..', '.cache', 'deploy');
const folder = join(cache, `run-${process.pid}`);
const stoppers: (() => Promise<void>)[] = [];
const report = new Report();

process.once('exit', killChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.error(`\nEnded by ${signal}; what was started is being stopped.`);
    process.exit(130);
  });
}
setTimeout(() => {
  console.error(`\nNot done after ${longestMinutes} minutes; everything is ended. Logs: ${folder}`);
  process.exit(1);
}, longestMinutes * 60_000).unref();

process.exitCode = await main();

async function main(): Promise<number> {
  await removeOldRuns();
  await mkdir(folder, { recursive: true });
  try {
    await prepareAndCheck();
  } catch (error) {
    if (error instanceof NotRunError) return sayNotRun(error);
    await report.check('the run comes to its end', async () => {
      throw error;
    });
    report.summary();
    await showLogs();
    return 1;
  } finally {
    for (const stop of stoppers.reverse()) await stop().catch((error: unknown) => console.error(error));
  }
  report.summary();
  const { failed, passed } = report.counts();
  if (failed > 0) {
    await showLogs();
    return 1;
  }
  if (passed === 0) return sayNotRun(new NotRunError('no check was made'));
  await rm(folder, { recursive: true, force: true });
  return 0;
}

/** What earlier runs left for whoever looks into their failures, unless they are still running. */
async function removeOldRuns(): Promise<void> {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function prepareAndCheck(): Promise<void> {
  const python = await findPython();
  await requireOpenSsl();
  const installation = await report.step('MiniStack installed', () =>
    installEmulator(python, cache, join(folder, 'install.log')),
  );
  report.note(`version ${installation.version}${installation.fresh ? '' : ', from .cache/'}`);
  const tenant = await startTenant();
  stoppers.push(() => tenant.stop());
  const emulator = await report.step('MiniStack started', () => startEmulator(installation, folder));
  stoppers.push(() => emulator.stop());
  report.note(emulator.endpoint);
  try {
    await deployAndCheck({ report, emulator, tenant, folder });
  } finally {
    await keepLogs(emulator);
  }
}

/** The Lambdas' logs live in the emulator and would end with it. */
async function keepLogs({ endpoint }: Emulator): Promise<void> {
  try {
    const lines = (await readLogs(endpoint)).map(({ group, message }) => `${group} ${message}`);
    await writeFile(join(folder, 'lambdas.log'), `${lines.join('\n')}\n`);
  } catch (error) {
    console.error('The logs of the Lambdas could not be read:', error);
  }
}

function sayNotRun(error: NotRunError): number {
  const line = '!'.repeat(78);
  console.log(`\n${line}\nNOT RUN: the deployment was not checked.\n${error.message}\n${line}`);
  return values.required ? 1 : 0;
}

async function showLogs(): Promise<void> {
  for (const name of ['cdk.log', 'emulator.log', 'lambdas.log']) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    // Most of what Lambdas log tells that all is well.
    const isTelling = (line: string) =>
      name !== 'lambdas.log' || /"level":"(WARN|ERROR)"|Exception/.test(line);
    const lines = text
      .split('\n')
      .filter(isTelling)
      .map((line) => line.slice(0, 800));
    console.error(`\n--- the end of ${join(folder, name)}\n${tail(lines.join('\n'), 30)}`);
  }
}
