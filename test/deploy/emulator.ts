import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { delimiter, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { freePort } from '../../local/free-port.ts';
import { startChild, stopChild, tail } from './child.ts';
import type { Installation } from './install.ts';

export const region = 'us-east-1';
export const accountId = '000000000000';
/** The emulator's root user. Real credentials never get near a child process. */
export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

const root = join(import.meta.dirname, '..', '..');
const readyWithinSeconds = 60;

export interface Emulator {
  /** `https://127.0.0.1:PORT`, where every AWS service answers. */
  readonly endpoint: string;
  readonly certificateFile: string;
  readonly logFile: string;
  stop(): Promise<void>;
}

/**
 * Starts the emulator on a free loopback port, with what AWS has and its own defaults leave off: TLS, checked
 * signatures, and IAM policies that are enforced, so that a right that a role lacks is a failure here.
 */
export async function startEmulator(installation: Installation, folder: string): Promise<Emulator> {
  const port = await freePort();
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')];
  await Promise.all([mkdir(home, { recursive: true }), mkdir(temporary, { recursive: true })]);
  // It runs Lambdas from below here by a script in CommonJS, which the project's own package.json would forbid.
  await writeFile(join(temporary, 'package.json'), '{"type":"commonjs"}');
  const logFile = join(folder, 'emulator.log');
  const child = startChild(installation.python, [join(import.meta.dirname, 'emulator.py')], {
    cwd: folder,
    logFile,
    // Its Lambdas inherit this environment, so it has nothing of the caller's but the way to Node.
    env: {
      PATH: searchPath(),
      HOME: home,
      TMPDIR: temporary,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_REGION: region,
      MINISTACK_ACCOUNT_ID: accountId,
      MINISTACK_AUTOCREATE_AWS_MANAGED: '1',
      USE_SSL: '1',
      AUTH: 'true',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      STATE_DIR: join(temporary, 'state'),
      S3_DATA_DIR: join(temporary, 's3'),
      TZ: 'UTC',
    },
  });
  const exited = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The emulator ended by itself: ${code ?? signal}`)),
    );
  });
  exited.catch(() => undefined);
  const certificateFile = join(temporary, 'ministack-tls', 'server.crt');
  try {
    await Promise.race([exited, untilReady(port)]);
    await trust(certificateFile);
  } catch (error) {
    await stopChild(child);
    const log = await readFile(logFile, 'utf8').catch(() => '');
    throw new Error(`${error instanceof Error ? error.message : error}\n${tail(log, 20)}`);
  }
  return {
    endpoint: `https://127.0.0.1:${port}`,
    certificateFile,
    logFile,
    stop: () => stopChild(child),
  };
}

/** Node 24 first, the one that runs this: the emulator takes the `node` of its PATH for the Lambdas. */
export function searchPath(): string {
  const path = process.env.PATH ?? '';
  return [join(process.execPath, '..'), join(root, 'node_modules', '.bin'), path].join(delimiter);
}

/** Lets this process's own calls trust the certificate that the emulator made for itself. */
async function trust(certificateFile: string): Promise<void> {
  setDefaultCACertificates([...getCACertificates('default'), await readFile(certificateFile, 'utf8')]);
}

async function untilReady(port: number): Promise<void> {
  const deadline = Date.now() + readyWithinSeconds * 1000;
  while (!(await isReady(port))) {
    if (Date.now() > deadline) throw new Error(`The emulator was not ready in ${readyWithinSeconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Asked before its certificate is known, so the certificate is not looked at. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/_ministack/health', rejectUnauthorized: false };
    const call = request({ ...options, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.once('error', () => resolve(false));
    call.once('timeout', () => call.destroy());
    call.end();
  });
}
