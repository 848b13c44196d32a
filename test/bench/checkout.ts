import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureBundles } from '../../lib/bundle.ts';
import { eventually, type LocalStack, startLocalStack } from '../support/local-stack.ts';

/**
 * `npm run bench [-- N]`: N paid checkouts, ten at a time, against a local stack. Every customer has an own
 * product and places the next order when the checkout of the last one has ended, so that what is measured is
 * the work of a checkout and no wait for a busy item.
 */

const concurrency = 10;
const maximumCheckouts = 5_000;

interface Placed {
  readonly orderId: string;
  readonly customer: Customer;
  readonly sentAt: number;
  readonly answeredAfterMs: number;
}

interface Customer {
  readonly token: string;
  readonly productId: string;
}

const checkouts = readCount(process.argv[2] ?? '200');
const sizes = await bundleSizes();
const stack = await startLocalStack({ countDynamoDb: true, retryIntervalScale: 1, prewarm: true });
try {
  await stack.runtime.warmed();
  const customers = await prepareCustomers();
  // The first checkout of each customer opens connections and compiles code; it is not counted.
  await run(customers, concurrency, () => undefined);
  await report(await measure(customers));
} finally {
  await stack.stop();
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < concurrency || count > maximumCheckouts) {
    console.error(`Usage: npm run bench -- N, with N from ${concurrency} to ${maximumCheckouts}.`);
    process.exit(1);
  }
  return count;
}

/** Of bundles made for this alone: others may be reading those in `dist/`. */
async function bundleSizes() {
  const folder = await mkdtemp(join(tmpdir(), 'storefront-bench-'));
  try {
    return await measureBundles(join(folder, 'lambdas'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function prepareCustomers(): Promise<Customer[]> {
  const admin = await stack.loginAs('admin');
  const prices = [{ amount: 1999, currency: 'USD' }];
  const address = { label: 'Home', line1: '1 Main Street', city: 'Austin', zip: '73301', country: 'US' };
  return Promise.all(
    Array.from({ length: concurrency }, async (_, index) => {
      const ip = `192.0.2.${index + 1}`;
      const credentials = { email: `bench-${index}@example.com`, password: 'Passw0rd!bench' };
      await ask('POST', '/user/register', { ip, body: { ...credentials, username: `bench-${index}` } });
      const { token } = await ask('POST', '/user/login', { ip, body: credentials });
      const profile = { addresses: [address], preferences: { paymentMethod: 'card' } };
      await ask('PUT', '/user/me/details', { token, body: profile });
      const product = { name: `Bench ${index}`, category: 'Bench', prices, stockCount: maximumCheckouts * 2 };
      const { productId } = await ask('POST', '/product', { token: admin, body: product });
      return { token, productId };
    }),
  );
}

async function ask(...[method, path, options]: Parameters<LocalStack['call']>) {
  const { status, text, json } = await stack.call(method, path, options);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return json;
}

/** Runs `count` checkouts to their ends, one at a time for each customer. */
async function run(
  customers: readonly Customer[],
  count: number,
  onEnd: (done: number) => void,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  let started = 0;
  let ended = 0;
  await Promise.all(
    customers.map(async (customer) => {
      while (started < count) {
        started += 1;
        placed.push(await place(customer));
        ended += 1;
        onEnd(ended);
      }
    }),
  );
  return placed;
}

async function place(customer: Customer): Promise<Placed> {
  const sentAt = Date.now();
  const began = performance.now();
  const { orderId } = await ask('POST', '/order', {
    token: customer.token,
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: {
      items: [{ productId: customer.productId, quantity: 1 }],
      paymentMethod: { token: 'pm_card_visa' },
    },
  });
  const answeredAfterMs = performance.now() - began;
  await eventually(() => {
    const execution = stack.runtime.executions().findLast(({ name }) => name === orderId);
    return execution === undefined || execution.status === 'RUNNING' ? undefined : true;
  });
  return { orderId, customer, sentAt, answeredAfterMs };
}

async function measure(customers: readonly Customer[]) {
  const { counters } = stack.runtime;
  const read = () => ({
    calls: Object.values(counters.dynamoDbCalls()).reduce((sum, count) => sum + count, 0),
    units: counters.dynamoDbCapacity(),
    transitions: counters.transitions(),
  });
  const before = read();
  const began = performance.now();
  const placed = await run(customers, checkouts, showProgress);
  const seconds = (performance.now() - began) / 1000;
  const after = read();
  return {
    placed,
    seconds,
    calls: (after.calls - before.calls) / checkouts,
    units: (after.units - before.units) / checkouts,
    transitions: (after.transitions - before.transitions) / checkouts,
  };
}

function showProgress(done: number): void {
  if (done % Math.ceil(checkouts / 10) === 0 || done === checkouts) {
    console.log(`${String(done).padStart(5)} of ${checkouts} checkouts`);
  }
}

/** From sending the order to the time that its timeline gives for Paid; undefined when it was not paid. */
async function paidAfterMs({ orderId, customer, sentAt }: Placed): Promise<number | undefined> {
  const order = await ask('GET', `/order/${orderId}`, { token: customer.token });
  const paid = order.timeline.find(({ status }: { status: string }) => status === 'Paid');
  return paid === undefined ? undefined : Date.parse(paid.at) - sentAt;
}

async function report(measured: Awaited<ReturnType<typeof measure>>): Promise<void> {
  const { placed, seconds, calls, units, transitions } = measured;
  const paid: number[] = [];
  for (const order of placed) {
    const after = await paidAfterMs(order);
    if (after !== undefined) paid.push(after);
  }
  const [cpu] = cpus();
  console.log(`
${paid.length} of ${placed.length} orders paid, ${concurrency} at a time, on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), Node ${process.version}
throughput          ${(placed.length / seconds).toFixed(1)} checkouts/s
POST /order         ${percentiles(placed.map(({ answeredAfterMs }) => answeredAfterMs))}
order to Paid       ${percentiles(paid)}
DynamoDB            ${calls.toFixed(1)} calls, ${units.toFixed(1)} capacity units a checkout
Step Functions      ${transitions.toFixed(1)} transitions a checkout

bundles`);
  for (const { name, bytes, gzipBytes } of sizes) {
    console.log(
      `  ${name.padEnd(16)} ${kilobytes(bytes).padStart(6)} KB ${kilobytes(gzipBytes).padStart(6)} KB gzip`,
    );
  }
  if (paid.length < placed.length) process.exitCode = 1;
}

function percentiles(milliseconds: readonly number[]): string {
  if (milliseconds.length === 0) return 'none';
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return [50, 95, 99].map((percent) => `p${percent} ${at(percent / 100).toFixed(0)} ms`).join('  ');
}

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(0);
}
