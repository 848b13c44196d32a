import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { callDynamoDb } from './raw-client.ts';

export interface DynamoDbEngine {
  readonly endpoint: string;
  /** True when others may use the same engine, so that table names must be told apart. */
  readonly shared: boolean;
  stop(): Promise<void>;
}

type CommandFor = (port: number, dataDir: string | undefined) => readonly string[];

const startAttempts = 3;
const startDeadlineMs = 8_000;

/**
 * Finds a DynamoDB: the one AWS_ENDPOINT_URL_DYNAMODB names, else the dynoxide binary, else AWS's DynamoDB Local
 * on Java. An engine started here dies with this process, however that ends.
 * @throws Error telling what to install when there is none
 */
export async function startDynamoDb(dataDir: string | undefined): Promise<DynamoDbEngine> {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (given) return { endpoint: given, shared: true, stop: async () => undefined };
  const command = dynoxide() ?? dynamoDbLocal();
  if (!command) {
    throw new Error(
      'No DynamoDB engine here. Run `npm install --include=optional` on x64 Linux, or `npm install --no-save ' +
        'amplify-dynamodb-simulator` with Java 17 on the path, or set AWS_ENDPOINT_URL_DYNAMODB to a running one.',
    );
  }
  for (let attempt = 1; ; attempt += 1) {
    // Another process may take the port between finding and using it.
    const port = await freePort();
    const engine = spawnTiedToUs(command(port, dataDir));
    const endpoint = `http://127.0.0.1:${port}`;
    if (await answers(endpoint, engine)) return { endpoint, shared: false, stop: tellOfLoss(engine) };
    await end(engine);
    if (attempt === startAttempts)
      throw new Error(`The DynamoDB engine does not start: ${command(port, dataDir).join(' ')}`);
  }
}

function packageFolder(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function dynoxide(): CommandFor | undefined {
  const folder = packageFolder(`@dynoxide/${process.platform}-${process.arch}`);
  const binary = folder && join(folder, 'dynoxide');
  if (!binary || !existsSync(binary)) return undefined;
  return (port, dataDir) => [
    binary,
    ...['serve', '--host', '127.0.0.1', '--port', String(port)],
    ...(dataDir ? ['--db-path', join(dataDir, 'dynamodb.sqlite')] : []),
  ];
}

function dynamoDbLocal(): CommandFor | undefined {
  const folder = packageFolder('amplify-dynamodb-simulator');
  if (!folder) return undefined;
  const emulator = join(folder, 'emulator');
  return (port, dataDir) => [
    ...['java', `-Djava.library.path=${join(emulator, 'DynamoDBLocal_lib')}`],
    ...['-jar', join(emulator, 'DynamoDBLocal.jar'), '-port', String(port), '-sharedDb'],
    ...(dataDir ? ['-dbPath', dataDir] : ['-inMemory']),
  ];
}

/**
 * Ends the engine ($1 …) when standard input closes: the kernel closes our end of it even when this process is
 * killed with SIGKILL. The engine gets a second to close its files.
 */
const watchdog = `
exec 3<&0
"$@" </dev/null 3<&- &
engine=$!
{
  cat <&3 >/dev/null
  kill $engine
  for tenth in 1 2 3 4 5 6 7 8 9 10; do kill -0 $engine || exit; sleep 0.1; done
  kill -9 $engine
} 2>/dev/null &
exec 3<&-
wait $engine
`;

function spawnTiedToUs(command: readonly string[]): ChildProcess {
  return spawn('/bin/sh', ['-c', watchdog, 'sh', ...command], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal goes to the whole foreground group: the engine must outlive our own clean stop.
    detached: true,
  });
}

async function answers(endpoint: string, engine: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline && engine.exitCode === null) {
    try {
      await callDynamoDb(endpoint, 'ListTables', {});
      return true;
    } catch {
      await pause(5);
    }
  }
  return false;
}

/** Answers the function that stops the engine; an exit before that is told, as every request will fail. */
function tellOfLoss(engine: ChildProcess): () => Promise<void> {
  const tell = (): void => console.error('The DynamoDB engine has stopped. Restart the local runtime.');
  engine.once('exit', tell);
  return async () => {
    engine.off('exit', tell);
    await end(engine);
  };
}

async function end(engine: ChildProcess): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const exited = new Promise((resolve) => engine.once('exit', resolve));
  engine.stdin?.end();
  await exited;
}
