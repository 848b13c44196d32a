import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { stageSettings } from '../../lib/choose-settings.ts';
import { type LocalRuntime, startLocalRuntime } from '../../local/runtime.ts';
import { seededPassword } from '../../local/seed/seed-users.ts';
import { type Scenario, scenarios } from './budget.ts';
import { dearestFraudRules } from './dearest-window.ts';
import { leastOf, type Measurement } from './usage.ts';

/** What a request or a task of the checkout runs; the others work behind streams and queues. */
const onThePath = new Set([
  'authorizer',
  'order',
  'order-workflow',
  'inventory',
  'payment',
  'notification',
  'analytics',
  'audit',
]);
const paymentMethods: Readonly<Record<Scenario, string>> = {
  paid: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
};
const outcomes: Readonly<Record<Scenario, string>> = { paid: 'Paid', declined: 'Failed' };
/** CloudWatch adds so much to each line. */
const bytesPerLine = 26;
const firehoseRoundsUpTo = 5;
const repetitions = 2;
const quietMilliseconds = 500;
const tokenSchema = z.object({ token: z.string() });
const productSchema = z.object({ productId: z.string() });
const orderSchema = z.object({ orderId: z.string() });
const statusSchema = z.object({ status: z.string() });

export type Progress = (text: string) => void;

/** Memory of the Lambdas that is reckoned with: that of the stage where customers buy. */
export const measuredMemoryMb = stageSettings('prod').lambda.memoryMb;

/** Runs the stack on this machine and counts checkouts in it, each several times. */
export async function measureCheckouts(progress: Progress): Promise<Record<Scenario, Measurement>> {
  const log = { bytes: 0 };
  progress('starting the stack …');
  const { logLevel } = stageSettings('prod');
  const runtime = await startLocalRuntime({
    port: 0,
    seed: true,
    countDynamoDb: true,
    settings: { logLevel, fraud: dearestFraudRules(new Date()) },
    onLambdaLog: (_, text) => {
      for (const line of text.split('\n')) if (line) log.bytes += Buffer.byteLength(line) + bytesPerLine;
    },
  });
  try {
    await runtime.warmed();
    const shop = await openShop(runtime);
    // The first of each kind opens connections and fills caches.
    for (const scenario of scenarios) await shop.expectOutcome(scenario, await shop.checkout(scenario));
    await untilQuiet(runtime);
    const measured: Record<Scenario, Measurement[]> = { paid: [], declined: [] };
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const scenario of scenarios) {
        progress(`${scenario}, ${repetition} of ${repetitions} …`);
        const { orderId, measurement } = await measureOne(runtime, log, () => shop.checkout(scenario));
        // Asked afterwards, so that the question is not in the count.
        await shop.expectOutcome(scenario, orderId);
        await untilQuiet(runtime);
        measured[scenario].push(measurement);
      }
    }
    return { paid: leastOf(measured.paid), declined: leastOf(measured.declined) };
  } finally {
    await runtime.stop();
  }
}

/** @throws Error when a checkout did not end as it was meant to: what was counted would be of another one */
export function assertOutcome(scenario: Scenario, status: string): void {
  if (status === outcomes[scenario]) return;
  throw new Error(`A checkout that was to be ${scenario} ended ${status}: nothing is measured by it`);
}

async function openShop({ url, executions }: LocalRuntime) {
  const call = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    const answer: unknown = await response.json();
    return answer;
  };
  const login = async (user: string) => {
    const answer = await call('/user/login', { email: `${user}@example.com`, password: seededPassword });
    return { authorization: `Bearer ${tokenSchema.parse(answer).token}` };
  };
  const admin = await login('admin');
  const customer = await login('customer');
  const product = await call(
    '/product',
    {
      name: 'Mug',
      category: 'kitchen',
      prices: [{ amount: 1999, currency: 'USD' }],
      stockCount: 1_000,
    },
    admin,
  );
  const items = [{ productId: productSchema.parse(product).productId, quantity: 1 }];
  return {
    async expectOutcome(scenario: Scenario, orderId: string): Promise<void> {
      const response = await fetch(`${url}/order/${orderId}`, { headers: customer });
      const answer: unknown = await response.json();
      assertOutcome(scenario, statusSchema.parse(answer).status);
    },
    async checkout(scenario: Scenario): Promise<string> {
      const body = { items, paymentMethod: { token: paymentMethods[scenario] } };
      const placed = await call('/order', body, { ...customer, 'idempotency-key': randomUUID() });
      const { orderId } = orderSchema.parse(placed);
      const runs = () => executions().filter(({ name }) => name === orderId);
      while (runs().every(({ status }) => status === 'RUNNING')) await sleep(5);
      return orderId;
    },
  };
}

async function measureOne(
  runtime: LocalRuntime,
  log: { readonly bytes: number },
  checkout: () => Promise<string>,
): Promise<{ orderId: string; measurement: Measurement }> {
  const before = snapshot(runtime, log);
  const orderId = await checkout();
  await untilQuiet(runtime);
  const after = snapshot(runtime, log);

  const requests = difference(after.invocations, before.invocations);
  const took = difference(after.milliseconds, before.milliseconds);
  const calls = difference(after.awsCalls, before.awsCalls);
  const pick = (isPicked: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(requests).filter(([name]) => isPicked(name)));
  const sum = (counts: Readonly<Record<string, number>>, pattern: RegExp) =>
    Object.entries(counts).reduce((all, [name, count]) => all + (pattern.test(name) ? count : 0), 0);
  const records = runtime.streamRecords().slice(before.streamRecords);
  const kilobytes = records.map(({ data }) => Math.ceil(Buffer.byteLength(data) / 1024));
  const behind = pick((name) => !onThePath.has(name));
  const measurement = {
    usage: {
      stateTransition: after.transitions - before.transitions,
      dynamoDbRead: after.units.read - before.units.read,
      dynamoDbWrite: after.units.write - before.units.write,
      apiRequest: 1,
      snsPublish: sum(calls, /^SNS\.Publish$/),
      sqsRequest: sum(calls, /SQS\./),
      kinesisKilobyte: kilobytes.reduce((all, one) => all + one, 0),
      firehoseKilobyte: kilobytes.reduce(
        (all, one) => all + Math.ceil(one / firehoseRoundsUpTo) * firehoseRoundsUpTo,
        0,
      ),
      lambdas: pick((name) => onThePath.has(name)),
    },
    behind: {
      dynamoDbRead: after.streamUnits.read - before.streamUnits.read,
      dynamoDbWrite: after.streamUnits.write - before.streamUnits.write,
      // Lambda receives and deletes for each delivery.
      sqsRequest: 2 * sum(behind, /^delivery/),
      lambdas: behind,
    },
    logKilobytes: Math.round((10 * (after.logBytes - before.logBytes)) / 1024) / 10,
    milliseconds: Object.fromEntries(
      Object.entries(requests).map(([name, count]) => [name, Math.ceil((took[name] ?? 0) / count)]),
    ),
  };
  return { orderId, measurement };
}

function snapshot({ counters, streamRecords }: LocalRuntime, log: { readonly bytes: number }) {
  return {
    transitions: counters.transitions(),
    units: counters.dynamoDbUnits(),
    streamUnits: counters.streamDynamoDbUnits(),
    invocations: counters.invocations(),
    milliseconds: counters.lambdaMilliseconds(),
    awsCalls: counters.awsCalls(),
    streamRecords: streamRecords().length,
    logBytes: log.bytes,
  };
}

/** Waits until no Lambda has begun to work for a while: streams and queues are followed up by then. */
async function untilQuiet({ counters }: LocalRuntime): Promise<void> {
  const requests = () => Object.values(counters.invocations()).reduce((all, count) => all + count, 0);
  for (let seen = -1; seen !== requests(); ) {
    seen = requests();
    await sleep(quietMilliseconds);
  }
}

function difference(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const changed = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(changed.filter(([, count]) => count > 0));
}
