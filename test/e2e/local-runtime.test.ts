import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type LocalStack, startLocalStack } from '../support/local-stack.ts';
import { type StartedProcess, startProcess } from '../support/start-process.ts';

const started: StartedProcess[] = [];
afterEach(async () => {
  for (const { child, exited } of started.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
});

function start(args: string[] = [], env: Record<string, string> = {}): StartedProcess {
  const made = startProcess(args, env);
  started.push(made);
  return made;
}

// biome-ignore lint/suspicious/noExplicitAny: assertions read answers of every shape
const getJson = async (url: string): Promise<any> =>
  (await fetch(url, { headers: { accept: 'application/json' } })).json();
const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );
const engineOf = async (url: string): Promise<string> => (await getJson(url)).dynamodbEndpoint;

describe('npm start', () => {
  it('says once that it is ready, and ends cleanly on SIGTERM', async () => {
    const stack = start();
    const url = await stack.ready;
    expect((await getJson(`${url}/product?limit=100`)).items.length).toBeGreaterThanOrEqual(30);
    const engine = await engineOf(url);
    stack.child.kill('SIGTERM');
    expect(await stack.exited).toBe(0);
    expect(stack.output().match(/^ready /gm)).toHaveLength(1);
    await eventually(async () => ((await answers(engine)) || (await answers(url)) ? undefined : true));
  });

  it('leaves no engine behind when it is killed', async () => {
    const stack = start();
    const engine = await engineOf(await stack.ready);
    expect(await answers(engine)).toBe(true);
    stack.child.kill('SIGKILL');
    await stack.exited;
    await eventually(async () => ((await answers(engine)) ? undefined : true));
  });

  it('says what to do when the port is taken', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    const stack = start([], { PORT: String(port) });
    expect(await stack.exited).toBe(1);
    expect(stack.output()).toContain(`Port ${port} is in use`);
    expect(stack.output()).toContain('PORT=');
    blocker.close();
  });

  it('names an option that it does not know', async () => {
    const stack = start(['--dta', 'x']);
    expect(await stack.exited).toBe(1);
    expect(stack.output()).toContain('--dta');
  });

  it('starts empty with --no-seed, but for the users', async () => {
    const url = await start(['--no-seed']).ready;
    expect((await getJson(`${url}/product`)).items).toEqual([]);
    const credentials = { email: 'admin@example.com', password: 'Passw0rd!local' };
    const login = await fetch(`${url}/user/login`, {
      method: 'POST',
      body: JSON.stringify(credentials),
      headers: { 'content-type': 'application/json' },
    });
    expect(await login.json()).toMatchObject({ role: 'Admin' });
  });
});

describe('--data', () => {
  it('keeps users, tokens, orders and checkout runs, and refuses a second stack on the folder', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'storefront-data-'));
    let stack = await startLocalStack({ dataDir });
    const credentials = { email: 'keep@example.com', password: 'Passw0rd!kept' };
    await stack.call('POST', '/user/register', { body: { ...credentials, username: 'keep' } });
    const customer = await stack.loginAs('customer');
    const order = await placeOrder(stack, customer);
    const [product] = (await stack.call('GET', '/product?limit=1')).json.items;
    expect(await start(['--data', dataDir]).exited).toBe(1);
    await stack.stop();

    stack = await startLocalStack({ dataDir });
    const login = await stack.call('POST', '/user/login', { body: credentials });
    expect(login.status).toBe(200);
    expect((await stack.call('GET', '/product?limit=1')).json.items[0].productId).toBe(product.productId);
    const token = await stack.loginAs('customer');
    // What was still under way when the stack stopped is run again, to the same end.
    const run = await eventually(async () => {
      const { json } = await stack.call('GET', `/order/${order.orderId}/checkout`, { token });
      return json.status === 'RUNNING' ? undefined : json;
    });
    expect(run.status).toBe('SUCCEEDED');
    expect((await stack.call('GET', `/order/${order.orderId}`, { token })).json.status).toBe('Paid');
    await stack.stop();
    await rm(dataDir, { recursive: true });
  });
});

describe('a checkout that waits while the stack is stopped', () => {
  it('goes on after the next start', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'storefront-data-'));
    let stack = await startLocalStack({ dataDir });
    const credentials = { email: 'late@example.com', password: 'Passw0rd!late' };
    await stack.call('POST', '/user/register', { body: { ...credentials, username: 'late' } });
    const logIn = async () => (await stack.call('POST', '/user/login', { body: credentials })).json.token;
    const { orderId, status } = await placeOrder(stack, await logIn());
    expect(status).toBe('AwaitingProfile');
    await stack.stop();

    stack = await startLocalStack({ dataDir });
    await eventually(() =>
      stack.runtime.executions()[0]?.events.find(({ type }) => type === 'TaskSubmitted'),
    );
    const token = await logIn();
    const address = { label: 'Home', line1: '1 Main St', city: 'Austin', zip: '73301', country: 'US' };
    const body = {
      addresses: [address],
      preferences: { paymentMethod: 'pm_card_visa' },
      paymentMethods: [{ token: 'pm_card_visa' }],
    };
    expect((await stack.call('PUT', '/user/me/details', { token, body })).status).toBe(200);
    const paid = await eventually(async () => {
      const { json } = await stack.call('GET', `/order/${orderId}`, { token });
      return json.status === 'AwaitingProfile' ? undefined : json;
    });
    expect(paid.status).toMatch(/Paid|Pending/);
    await stack.stop();
    await rm(dataDir, { recursive: true });
  });
});

async function placeOrder(stack: LocalStack, token: string) {
  const list = await stack.call('GET', '/product?inStock=true&limit=1');
  const placed = await stack.call('POST', '/order', {
    token,
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: {
      items: [{ productId: list.json.items[0].productId, quantity: 1 }],
      paymentMethod: { token: 'pm_card_visa' },
    },
  });
  expect(placed.status).toBe(202);
  return eventually(async () => {
    const { json } = await stack.call('GET', `/order/${placed.json.orderId}`, { token });
    return json.status === 'Pending' ? undefined : json;
  });
}

describe('stacks side by side', () => {
  let one: LocalStack;
  let two: LocalStack;
  beforeAll(async () => {
    [one, two] = await Promise.all([
      startLocalStack({ countDynamoDb: true }),
      startLocalStack({ seed: false }),
    ]);
  });
  afterAll(() => Promise.all([one?.stop(), two?.stop()]));

  it('know nothing of each other', async () => {
    const credentials = { email: 'solo@example.com', password: 'Passw0rd!solo' };
    const person = { ...credentials, username: 'solo' };
    expect((await one.call('POST', '/user/register', { body: person })).status).toBe(201);
    expect((await one.call('POST', '/user/login', { body: credentials })).status).toBe(200);
    expect((await two.call('POST', '/user/login', { body: credentials })).json.code).toBe(
      'invalid_credentials',
    );
    expect((await two.call('GET', '/product')).json.items).toEqual([]);
    const token = await one.loginAs('customer');
    expect((await two.call('GET', '/user/me', { token })).json.code).toBe('invalid_token');
  });

  it('count what a checkout costs', async () => {
    const token = await one.loginAs('customer');
    const { counters } = one.runtime;
    const before = {
      calls: counters.dynamoDbCalls(),
      units: counters.dynamoDbCapacity(),
      transitions: counters.transitions(),
    };
    expect((await placeOrder(one, token)).status).toBe('Paid');
    await eventually(
      () => one.runtime.executions().every(({ status }) => status === 'SUCCEEDED') || undefined,
    );
    const after = counters.dynamoDbCalls();
    const calls = Object.entries(after).map(([name, count]) => [name, count - (before.calls[name] ?? 0)]);
    console.log('One checkout:', {
      dynamoDb: Object.fromEntries(calls.filter(([, count]) => count !== 0)),
      capacityUnits: counters.dynamoDbCapacity() - before.units,
      transitions: counters.transitions() - before.transitions,
    });
    expect(counters.dynamoDbCapacity()).toBeGreaterThan(before.units);
    expect(counters.transitions() - before.transitions).toBeGreaterThan(8);
    expect(counters.invocations()).toMatchObject({ payment: 2, inventory: 1 });
  });

  it('lets a test break a Lambda before or after its work', async () => {
    const stack = await startLocalStack({
      failures: ({ functionName, event }) =>
        functionName === 'payment' && JSON.stringify(event).includes('authorize')
          ? { when: 'after', error: { errorType: 'Sandbox.Timedout', errorMessage: 'as if' } }
          : undefined,
    });
    const order = await placeOrder(stack, await stack.loginAs('customer'));
    expect(order).toMatchObject({ status: 'Failed', failure: { code: 'payment_unavailable' } });
    await stack.stop();
  });
});
