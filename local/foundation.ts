import { z } from 'zod';
import type { DeepPartial } from '../lib/choose-settings.ts';
import type { StageSettings } from '../lib/stage-settings.ts';
import { loadSigningKey, privateJwkSchema, type SigningKey } from './auth0/signing-key.ts';
import { tenantPath } from './auth0/tenant.ts';
import { TenantUsers, tenantUserSchema } from './auth0/tenant-users.ts';
import { type AwsServer, startAwsServer } from './aws/server.ts';
import { prepareStage } from './build/prepare-stage.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { type CountingProxy, startCountingProxy } from './dynamodb/counting-proxy.ts';
import { startDynamoDb } from './dynamodb/engine.ts';
import { createTables, deleteTables } from './dynamodb/tables.ts';
import { type HttpServer, listen } from './http-server.ts';
import { localChannels } from './messaging/local-channels.ts';
import type { LocalRuntimeOptions } from './options.ts';
import { seed } from './seed/seed.ts';
import { type Deployment, readDeployment } from './template/deployment.ts';

/** What the Lambdas stand on: open ports, tables with data, and the stage as its templates tell it. */
export interface Foundation {
  readonly http: HttpServer;
  readonly aws: AwsServer;
  readonly url: string;
  readonly issuer: string;
  readonly dynamodbEndpoint: string;
  readonly proxy: CountingProxy | undefined;
  /** The engine itself, for what the runtime does beside the application. */
  readonly engineEndpoint: string;
  /** Counts apart what Lambdas behind a stream do: it happens after the request or checkout that is measured. */
  readonly streamProxy: CountingProxy | undefined;
  readonly dataDir: DataDir | undefined;
  readonly deployment: Deployment;
  readonly bundlesFolder: string;
  /** Table names by the environment variable that carries them. */
  readonly tables: Readonly<Record<string, string>>;
  readonly tenantUsers: TenantUsers;
  readonly signingKey: SigningKey;
}

export type OnStop = (close: () => Promise<void> | void) => void;

/** Opens the ports, makes and fills the tables. Everything that it starts is handed to `onStop` at once. */
export async function layFoundation(options: LocalRuntimeOptions, onStop: OnStop): Promise<Foundation> {
  const progress = options.onProgress ?? (() => undefined);
  const http = await listen(options.port);
  onStop(() => http.stop());
  const dataDir = options.dataDir === undefined ? undefined : openDataDir(options.dataDir);
  if (dataDir) onStop(() => dataDir.release());

  const stoppable = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    onStop(() => started.stop());
    return started;
  };
  const [stage, engine, signingKey, aws] = await settleAll([
    prepareStage({ notifications: localChannels, ...settingsOf(options) }, progress),
    stoppable(startDynamoDb(dataDir?.path)),
    loadSigningKey(dataDir?.file('signing-key.json', privateJwkSchema)),
    stoppable(startAwsServer()),
  ]);
  const countCalls = () => stoppable(startCountingProxy(engine.endpoint));
  const proxy = options.countDynamoDb ? await countCalls() : undefined;
  const streamProxy = options.countDynamoDb ? await countCalls() : undefined;

  const deployment = readDeployment(stage.templates, {
    awsEndpoint: aws.url,
    tablePrefix: engine.shared ? sharedPrefix(dataDir) : '',
  });
  const { fresh } = await createTables(engine.endpoint, deployment.tables);
  if (engine.shared && !dataDir) onStop(() => deleteTables(engine.endpoint, deployment.tables));
  const tables = tablesByVariable(deployment);
  const tenantUsers = new TenantUsers(dataDir?.file('tenant-users.json', z.array(tenantUserSchema)));
  const products = options.seed && fresh;
  if (products) progress('Filling the tables …');
  await seed({ endpoint: engine.endpoint, tables, tenant: tenantUsers, products });

  return {
    http,
    aws,
    url: `http://localhost:${http.port}`,
    // The address, not the name: what a Lambda calls must not depend on how the name resolves.
    issuer: `http://127.0.0.1:${http.port}${tenantPath}`,
    dynamodbEndpoint: proxy?.endpoint ?? engine.endpoint,
    proxy,
    engineEndpoint: engine.endpoint,
    streamProxy,
    dataDir,
    deployment,
    bundlesFolder: stage.bundlesFolder,
    tables,
    tenantUsers,
    signingKey,
  };
}

function settingsOf({ settings = {}, stripe }: LocalRuntimeOptions): DeepPartial<StageSettings> {
  return stripe ? { ...settings, payments: { provider: 'stripe' } } : settings;
}

/** Tells apart the tables of stacks on one engine; those of kept data must be found again. */
function sharedPrefix(dataDir: DataDir | undefined): string {
  return dataDir ? 'local-' : `local-${crypto.randomUUID().slice(0, 8)}-`;
}

/** `USERS_TABLE` and its like, over all functions. */
function tablesByVariable({ functions }: Deployment): Record<string, string> {
  const variables = functions.flatMap(({ environment }) => Object.entries(environment));
  return Object.fromEntries(variables.filter(([name]) => name.endsWith('_TABLE')));
}

/** Promise.all that waits for every one before it rejects, so that whatever was started can be stopped. */
async function settleAll<T extends readonly unknown[]>(
  promises: {
    [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
