import { equal } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { anAddress } from '../support/builders/user.ts';
import type { CallAnswer } from '../support/call-api.ts';
import type { DeployedStage } from './deployed-stage.ts';

export const password = 'Passw0rd!deployed';
export const deviceInfo = { os: 'macOS', browser: 'Safari' } as const;
/** A checkout takes a second or two; a first one starts every Lambda. */
const withinSeconds = 45;

export interface Customer {
  readonly userId: string;
  readonly email: string;
  readonly token: string;
}

/** The steps that the checks of a deployed stage take again and again. */
export interface Shopper {
  readonly admin: string;
  readonly manager: string;
  /** Registers somebody and logs them in from the same device. */
  newCustomer(options: { withProfile: boolean; phone?: string }): Promise<Customer>;
  saveDetails(customer: Customer): Promise<CallAnswer>;
  newProduct(stockCount?: number): Promise<string>;
  /** Waits for stock and available stock: an undo ends a moment after the order shows it. */
  stockBecomes(productId: string, wanted: readonly [number, number]): Promise<void>;
  place(customer: Customer, body: object, key?: string): Promise<CallAnswer>;
  /** The id of an order that was taken. */
  placed(customer: Customer, body: object): Promise<string>;
  /** Waits for the order's status. */
  until(orderId: string, status: string): Promise<CallAnswer['json']>;
  /** Waits for the end of the order's checkout: the status comes first, what follows from it after. */
  ended(orderId: string, status: string): Promise<CallAnswer['json']>;
}

/** Fails with the whole answer: a status alone tells nobody what went wrong. */
export function expectStatus(answer: CallAnswer, status: number, code?: string): void {
  equal(answer.status, status, `status ${answer.status}: ${answer.text}`);
  if (code !== undefined) equal(answer.json?.code, code, answer.text);
}

/** What an order of one product looks like in a request. */
export const one = (productId: string, quantity = 1) => ({ items: [{ productId, quantity }] });

/** Waits until the probe answers something. @throws Error with what it was waiting for */
export async function eventually<T>(
  what: string,
  probe: () => Promise<{ found?: T | undefined; seen: string }>,
): Promise<T> {
  const deadline = Date.now() + withinSeconds * 1000;
  for (;;) {
    const { found, seen } = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${withinSeconds} s: ${seen}`);
    await sleep(100);
  }
}

export async function openShopper(stage: DeployedStage): Promise<Shopper> {
  const { call } = stage;
  const run = Date.now().toString(36);
  let made = 0;
  const admin = await stage.loginAs('admin');
  const manager = await stage.loginAs('manager');

  const saveDetails: Shopper['saveDetails'] = ({ token }) =>
    call('PUT', '/user/me/details', {
      token,
      body: { addresses: [anAddress()], preferences: { paymentMethod: 'card' } },
    });
  const order = async (orderId: string) => (await call('GET', `/order/${orderId}`, { token: admin })).json;
  const place: Shopper['place'] = ({ token }, body, key = `key-${run}-${++made}`) =>
    call('POST', '/order', {
      token,
      headers: { 'idempotency-key': key },
      body: { paymentMethod: { token: 'pm_card_visa' }, ...body },
    });
  return {
    admin,
    manager,
    saveDetails,
    place,
    async newCustomer({ withProfile, phone }) {
      made += 1;
      const username = `${stage.name}-${run}-${made}`;
      const email = `${username}@example.com`;
      const registered = await call('POST', '/user/register', {
        body: { username, email, password, deviceInfo, ...(phone === undefined ? {} : { phone }) },
      });
      expectStatus(registered, 201);
      const login = await call('POST', '/user/login', { body: { email, password, deviceInfo } });
      expectStatus(login, 200);
      const customer = { userId: registered.json.userId, email, token: login.json.token };
      if (withProfile) expectStatus(await saveDetails(customer), 200);
      return customer;
    },
    async newProduct(stockCount = 10) {
      made += 1;
      const prices = [{ amount: 1000, currency: 'USD' }];
      const body = { name: `Deployed thing ${made}`, category: 'things', prices, stockCount };
      const created = await call('POST', '/product', { token: admin, body });
      expectStatus(created, 201);
      return created.json.productId;
    },
    async stockBecomes(productId, wanted) {
      await eventually(`stock ${wanted}`, async () => {
        const { json } = await call('GET', `/product/${productId}`, { token: admin });
        const seen = [json.stockCount, json.availableCount];
        return { found: String(seen) === String(wanted) || undefined, seen: String(seen) };
      });
    },
    async placed(customer, body) {
      const answer = await place(customer, body);
      expectStatus(answer, 202);
      return answer.json.orderId;
    },
    until: (orderId, status) =>
      eventually(`status ${status}`, async () => {
        const found = await order(orderId);
        return { found: found.status === status ? found : undefined, seen: JSON.stringify(found) };
      }),
    async ended(orderId, status) {
      await eventually('the end of the checkout', async () => {
        const { json, text } = await call('GET', `/order/${orderId}/checkout`, { token: admin });
        const isOver = json?.status !== undefined && json.status !== 'RUNNING';
        return { found: isOver || undefined, seen: text };
      });
      const found = await order(orderId);
      equal(found.status, status, JSON.stringify(found));
      return found;
    },
  };
}
