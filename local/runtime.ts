import { join } from 'node:path';
import { createTenant, tenantPath } from './auth0/tenant.ts';
import { stageOutputs } from './aws/cloudformation.ts';
import { createAwsHandler } from './aws/endpoint.ts';
import { simpleOperations } from './aws/json-services.ts';
import { stepFunctionsOperations } from './aws/states.ts';
import { Stores } from './aws/stores.ts';
import { localCaptchaSecret, serveSiteverify, siteverifyPath } from './captcha/siteverify.ts';
import { ExecutionLog } from './execution-log.ts';
import { type Foundation, layFoundation, type OnStop } from './foundation.ts';
import { createGateway } from './gateway/gateway.ts';
import { createFunctionPool } from './lambda/function-pool.ts';
import { lambdaEnvironment } from './lambda-environment.ts';
import { feedFromQueues } from './messaging/feed.ts';
import type { LocalRuntime, LocalRuntimeOptions, LocalStripe } from './options.ts';
import { loadOpenApi } from './pages/open-api.ts';
import { type PageSources, servePage } from './pages/pages.ts';
import { startSchedules } from './schedules.ts';
import { StepFunctionsEngine } from './step-functions/engine.ts';
import { feedFromStreams } from './streams/feed.ts';

export type { LocalRuntime, LocalRuntimeOptions } from './options.ts';

/** Our application at the local tenant. */
const auth0Client = { clientId: 'local-client', clientSecret: 'local-secret' };
/** Another application of the tenant, which any tenant may have: what it lets in must not get in here. */
const otherAuth0Client = { clientId: 'local-other-client', clientSecret: 'local-other-secret' };

/**
 * Starts the whole stack in this process: HTTP API, Lambdas, state machine, tables, tenant.
 * @throws PortTakenError before anything is started; Error when the stage or the engine does not come up
 */
export async function startLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    // In the reverse order of the start; nothing is closed twice.
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };
  const onStop: OnStop = (close) => closers.push(close);
  try {
    return await run(await layFoundation(options, onStop), options, onStop, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function run(
  foundation: Foundation,
  options: LocalRuntimeOptions,
  onStop: OnStop,
  stop: () => Promise<void>,
): Promise<LocalRuntime> {
  const { http, aws, url, issuer, dynamodbEndpoint, dataDir, deployment, proxy } = foundation;
  const stores = new Stores();
  const pool = createFunctionPool({
    functions: deployment.functions,
    bundlesFolder: foundation.bundlesFolder,
    variables: ({ name }) =>
      lambdaEnvironment({
        issuer,
        auth0ClientId: auth0Client.clientId,
        captchaVerifyUrl: new URL(siteverifyPath, issuer).href,
        stripeApiUrl: options.stripe?.apiUrl,
        awsEndpoint: aws.url,
        dynamodbEndpoint: isFedByStream(foundation, name)
          ? (foundation.streamProxy?.endpoint ?? dynamodbEndpoint)
          : dynamodbEndpoint,
      }),
    onLog: options.onLambdaLog ?? (() => undefined),
    failures: options.failures,
  });
  onStop(() => pool.stop());

  const log = dataDir && new ExecutionLog(join(dataDir.path, 'executions.jsonl'));
  const workflows = new StepFunctionsEngine(
    deployment.stateMachines,
    {
      retryIntervalScale: options.retryIntervalScale ?? 1,
      stateTimeoutSeconds: options.stateTimeoutSeconds ?? {},
    },
    { invoke: pool.invoke, sendToQueue: (queue, body) => stores.send(queue, body) },
    (record) => log?.append(record),
  );
  onStop(() => workflows.stop());

  const awsCalls = new Map<string, number>();
  aws.serve(
    createAwsHandler({
      operations: {
        ...simpleOperations({
          stores,
          streamNames: deployment.streamNames,
          secrets: localSecrets(foundation, options.stripe),
          queues: deployment.queues,
        }),
        ...stepFunctionsOperations(workflows),
      },
      stores,
      topicArns: deployment.topicArns,
      subscriptions: deployment.subscriptions,
      stackOutputs: stageOutputs(deployment.outputs),
      invoke: pool.invoke,
      onCall: (operation) => awsCalls.set(operation, (awsCalls.get(operation) ?? 0) + 1),
    }),
  );
  serveHttp(foundation, pool.invoke, stores, {
    overview: {
      api: url,
      docs: `${url}/docs`,
      openapi: `${url}/openapi.json`,
      console: `${url}/console`,
      outbox: `${url}/outbox`,
      outboxJson: `${url}/outbox.json`,
      events: `${url}/events.json`,
      auth0: issuer,
      awsEndpoint: aws.url,
      dynamodbEndpoint,
    },
    outbox: () => stores.outbox,
    delivered: () => stores.delivered,
    executions: () => workflows.executions,
    events: () => stores.streamRecords,
    openApi: loadOpenApi,
  });
  feedFromQueues(deployment, stores, pool.invoke, options.retryIntervalScale ?? 1, onStop);
  feedFromStreams(
    {
      sources: deployment.eventSources,
      endpoint: foundation.engineEndpoint,
      dataDir,
      invoke: pool.invoke,
      sendToQueue: (queue, body) => stores.send(queue, body),
      onProblem: (text) => console.error(text),
    },
    onStop,
  );
  await workflows.restore(log?.read() ?? []);
  onStop(startSchedules(deployment.schedules, pool.invoke));
  const warmed = (options.prewarm ?? true) ? pool.warm() : Promise.resolve();

  return {
    url,
    port: http.port,
    awsEndpoint: aws.url,
    dynamodbEndpoint,
    tables: foundation.tables,
    stateMachineArn: deployment.stateMachines[0]?.arn ?? '',
    outbox: () => stores.outbox,
    delivered: () => stores.delivered,
    executions: () => workflows.executions,
    streamRecords: () => stores.streamRecords,
    queueMessages: (queue) => stores.queue(queue).map(({ body }) => body),
    invoke: pool.invoke,
    counters: {
      invocations: () => Object.fromEntries(pool.counts),
      dynamoDbCalls: () => Object.fromEntries(proxy?.calls ?? []),
      dynamoDbCapacity: () => proxy?.capacity() ?? 0,
      dynamoDbUnits: () => proxy?.units() ?? { read: 0, write: 0 },
      streamDynamoDbCalls: () => Object.fromEntries(foundation.streamProxy?.calls ?? []),
      streamDynamoDbCapacity: () => foundation.streamProxy?.capacity() ?? 0,
      streamDynamoDbUnits: () => foundation.streamProxy?.units() ?? { read: 0, write: 0 },
      lambdaMilliseconds: () => Object.fromEntries(pool.milliseconds),
      awsCalls: () => Object.fromEntries(awsCalls),
      transitions: () => workflows.executions.reduce((sum, { transitions }) => sum + transitions, 0),
    },
    warmed: () => warmed,
    stop,
  };
}

function stripeSecret({ secretKey, webhookSecrets }: LocalStripe): string {
  return JSON.stringify({ secretKey, webhookSecrets });
}

/** What Secrets Manager holds, by ARN. */
function localSecrets(foundation: Foundation, stripe: LocalStripe | undefined): Map<string, string> {
  return new Map([
    ...(stripe ? [[variable(foundation, 'STRIPE_SECRET_ARN'), stripeSecret(stripe)] as const] : []),
    [variable(foundation, 'AUTH0_SECRET_ARN'), JSON.stringify(auth0Client)],
    [variable(foundation, 'CAPTCHA_SECRET_ARN'), JSON.stringify({ secret: localCaptchaSecret })],
    [
      variable(foundation, 'MFA_SECRET_ARN'),
      JSON.stringify({ key: 'a key that protects codes on this machine only' }),
    ],
  ]);
}

/** The main port: tenant, own pages, and the API for everything else. */
function serveHttp(
  foundation: Foundation,
  invoke: Parameters<typeof createGateway>[1],
  stores: Stores,
  pages: PageSources,
): void {
  const { http, issuer, deployment, tenantUsers, signingKey } = foundation;
  const tenant = createTenant({
    issuer,
    audience: variable(foundation, 'AUTH0_AUDIENCE'),
    managementAudience: `${issuer}api/v2/`,
    connection: variable(foundation, 'AUTH0_CONNECTION'),
    ...auth0Client,
    otherClient: otherAuth0Client,
    users: tenantUsers,
    key: signingKey,
    onPasswordReset: (email) => {
      stores.publish({
        topic: 'auth0',
        subject: 'Reset your password',
        // By id, as in all messages here: the outbox outlives an account that is erased.
        message: `Mail of the tenant to auth0|${tenantUsers.findByEmail(email)?.id}`,
        attributes: { channel: 'email', type: 'password_reset' },
      });
    },
  });
  const gateway = createGateway(deployment.api, invoke);
  http.serve(async (request, response) => {
    if (request.url?.startsWith(tenantPath)) return tenant(request, response);
    if (request.url === siteverifyPath) return serveSiteverify(request, response);
    if (await servePage(pages, request, response)) return;
    const { statusCode, headers, body, requestId } = await gateway(request);
    const length = statusCode === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
    response.writeHead(statusCode, { ...headers, ...length, 'x-amzn-RequestId': requestId });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
}

/** Behind a stream or a queue, a Lambda works after the request or checkout that is measured. */
function isFedByStream({ deployment }: Foundation, functionName: string): boolean {
  return [...deployment.eventSources, ...deployment.queueSources].some(
    (source) => source.functionName === functionName,
  );
}

/** A variable that some function has, the same for all that have it; empty when none has. */
function variable({ deployment }: Foundation, name: string): string {
  const found = deployment.functions.find(({ environment }) => environment[name] !== undefined);
  return found?.environment[name] ?? '';
}
