import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LocalRuntimeOptions } from '../../local/runtime.ts';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { anAddress } from './builders/user.ts';
import type { CallAnswer } from './call-api.ts';
import { connectDynamo } from './dynamo.ts';
import { eventually, type LocalStack, startLocalStack } from './local-stack.ts';

export const password = 'Passw0rd!long';

export interface Customer {
  readonly userId: string;
  readonly email: string;
  readonly token: string;
}

/** A running stack with the steps that order tests take again and again. */
export interface Shop extends LocalStack {
  readonly admin: string;
  readonly manager: string;
  readonly dynamo: Dynamo;
  /** Registers somebody new and logs them in; with a complete profile unless told otherwise. */
  newCustomer(options?: { withProfile?: boolean }): Promise<Customer>;
  saveDetails(customer: Customer): Promise<CallAnswer>;
  /** Creates a product and answers its id. */
  newProduct(fields?: Record<string, unknown>): Promise<string>;
  stockOf(productId: string): Promise<{ stockCount: number; availableCount: number }>;
  place(customer: Customer, body: Record<string, unknown>, key?: string): Promise<CallAnswer>;
  order(orderId: string, token?: string): Promise<CallAnswer['json']>;
  /** Waits until the order's checkout has ended and answers the order. */
  settled(orderId: string): Promise<CallAnswer['json']>;
  /** Waits until the order has this status and answers it. */
  inStatus(orderId: string, status: string): Promise<CallAnswer['json']>;
  rows(table: string): Promise<Record<string, unknown>[]>;
}

let made = 0;

export async function openShop(options: Partial<LocalRuntimeOptions> = {}): Promise<Shop> {
  const stack = await startLocalStack({ seed: false, ...options });
  const dynamo = connectDynamo(stack.runtime.dynamodbEndpoint);
  const { call, runtime } = stack;
  const admin = await stack.loginAs('admin');
  const manager = await stack.loginAs('manager');
  const saveDetails: Shop['saveDetails'] = ({ userId, token }) =>
    call('PUT', `/user/${userId}/details`, {
      token,
      body: { addresses: [anAddress()], preferences: { paymentMethod: 'card' } },
    });
  const order: Shop['order'] = async (orderId, token = admin) =>
    (await call('GET', `/order/${orderId}`, { token })).json;
  return {
    ...stack,
    admin,
    manager,
    dynamo,
    saveDetails,
    order,
    async newCustomer({ withProfile = true } = {}) {
      made += 1;
      const email = `customer-${made}@example.com`;
      const registered = await call('POST', '/user/register', {
        body: { username: `customer-${made}`, email, password },
      });
      const { json } = await call('POST', '/user/login', { body: { email, password } });
      const customer = { userId: registered.json.userId, email, token: json.token };
      if (withProfile) await saveDetails(customer);
      return customer;
    },
    async newProduct(fields = {}) {
      made += 1;
      const body = {
        name: `Thing ${made}`,
        category: 'things',
        prices: [{ amount: 1000, currency: 'USD' }],
        stockCount: 10,
        ...fields,
      };
      const { status, json, text } = await call('POST', '/product', { token: admin, body });
      if (status !== 201) throw new Error(`No product: ${status} ${text}`);
      return json.productId;
    },
    async stockOf(productId) {
      const { json } = await call('GET', `/product/${productId}`, { token: admin });
      return { stockCount: json.stockCount, availableCount: json.availableCount };
    },
    place: ({ token }, body, key = `key-${++made}`) =>
      call('POST', '/order', {
        token,
        headers: { 'idempotency-key': key },
        body: { paymentMethod: { token: 'pm_card_visa' }, ...body },
      }),
    async settled(orderId) {
      await eventually(() => {
        const run = runtime.executions().find((execution) => execution.name === orderId);
        return run && run.status !== 'RUNNING' ? run : undefined;
      });
      return order(orderId);
    },
    inStatus: (orderId, status) =>
      eventually(async () => {
        const found = await order(orderId);
        return found.status === status ? found : undefined;
      }),
    async rows(table) {
      const TableName = runtime.tables[table];
      return (await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items ?? [];
    },
    async stop() {
      dynamo.destroy();
      await stack.stop();
    },
  };
}

/** What an order of one product looks like in a request. */
export const items = (productId: string, quantity = 1) => [{ productId, quantity }];
