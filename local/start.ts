import { type CliOptions, readCliOptions, usage } from './cli-options.ts';
import { type LocalRuntime, startLocalRuntime } from './runtime.ts';
import { seededPassword, seededUsers } from './seed/seed-users.ts';

/** `npm start`: the stack on this machine until Ctrl-C. */

let options: CliOptions;
try {
  options = readCliOptions(process.argv.slice(2), process.env);
} catch (error) {
  fail(error);
}
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const starting = startLocalRuntime({
  port: options.port,
  dataDir: options.dataDir,
  seed: options.seed,
  stripe: options.stripe,
  onProgress: (line) => console.log(line),
  ...(options.verbose ? { onLambdaLog: (name, text) => process.stderr.write(`[${name}] ${text}`) } : {}),
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    starting
      .then((runtime) => runtime.stop())
      .catch(() => undefined)
      .then(() => process.exit(0));
  });
}

try {
  printBanner(await starting, options);
} catch (error) {
  fail(error);
}

function printBanner(runtime: LocalRuntime, { dataDir }: CliOptions): void {
  const { url } = runtime;
  console.log(`
Storefront on this machine
  API            ${url}          docs ${url}/docs
  Checkout runs  ${url}/console
  Outbox         ${url}/outbox   JSON ${url}/outbox.json
  Data           ${dataDir ?? 'in memory (keep it with: npm start -- --data DIR)'}
Users, each with the password ${seededPassword}
${seededUsers.map(({ email, role }) => `  ${email.padEnd(22)} ${role}`).join('\n')}
`);
  console.log(`ready ${url}`);
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
