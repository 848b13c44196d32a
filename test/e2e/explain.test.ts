import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { localChannels } from '../../local/messaging/local-channels.ts';
import { gatherFacts } from '../../operations/explain/facts.ts';
import { storyLines, tellStory } from '../../operations/explain/story.ts';
import { connect, connectEndpoints, type Target } from '../../operations/support/target.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let target: Target;
let customer: Customer;
/** The first attempts at capturing that fail while this lasts. */
let failures = 0;

beforeAll(async () => {
  const error = { errorType: 'TransientError', errorMessage: 'scripted' };
  shop = await openShop({
    settings: { notifications: localChannels },
    failures: ({ event }) => {
      const { task } = event as { task?: string };
      if (task !== 'capture' || failures === 0) return undefined;
      failures -= 1;
      return { when: 'before', error };
    },
  });
  customer = await shop.newCustomer();
  target = await connectEndpoints('the shop under test', shop.runtime);
});
afterAll(async () => {
  target?.close();
  await shop?.stop();
});

const explained = async (orderId: string) => tellStory(await gatherFacts(target, orderId));

test('a paid order is told with its price, its retries, who did what, and in the order it happened', async () => {
  const body = { code: 'TENOFF', kind: 'percent', value: 10, maxUses: 5 };
  await shop.call('POST', '/order/promotion', { token: shop.admin, body });
  const productId = await shop.newProduct();
  failures = 2;
  const { json } = await shop.place(customer, { items: items(productId, 2), promoCode: 'TENOFF' });
  await shop.settled(json.orderId);
  const story = await explained(json.orderId);
  expect(story).toMatchObject({ orderId: json.orderId, status: 'Paid', customerId: customer.userId });
  expect(story.price).toEqual([
    `2 × ${productId} at 1000 USD minor units; allocated, 2 allocated`,
    'subtotal 2000 USD minor units',
    'discount 200 USD minor units by code TENOFF (percent 10)',
    'total 1800 USD minor units',
  ]);
  expect(story.payment).toContain('sandbox: captured after 1 attempt');
  expect(story.stock).toEqual([`${productId}: 2 SOLD`]);
  expect(story.notifications).toContain('order_confirmation for the customer published: done');
  const steps = story.events.map(({ what }) => what);
  const inOrder = [
    'CapturePayment begins',
    'CapturePayment fails: TransientError',
    'CapturePayment retry 1',
    'CapturePayment fails: TransientError',
    'CapturePayment retry 2',
    'CapturePayment ends',
    'becomes Paid',
    `2 × ${productId} sold`,
    'execution succeeds',
  ];
  expect(steps.filter((what) => inOrder.includes(what))).toEqual(inOrder);
  const created = story.events.find(({ what }) => what.startsWith('order.created'));
  expect(created).toMatchObject({ source: 'audit', by: `Customer ${customer.userId}` });
  const times = story.events.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
});

test('a held, approved and shipped order tells which messages went out, to whom and over which channel', async () => {
  const buyer = await shop.newCustomer();
  await shop.dynamo.send(
    new UpdateCommand({
      TableName: shop.runtime.tables.USERS_TABLE,
      Key: { pk: `USER#${buyer.userId}` },
      UpdateExpression: 'SET pushEndpoints = :endpoints',
      ExpressionAttributeValues: {
        ':endpoints': ['arn:aws:sns:us-east-1:000000000000:endpoint/APNS/shop/1'],
      },
    }),
  );
  const productId = await shop.newProduct();
  const paymentMethod = { token: 'pm_card_riskLevelElevated' };
  const { orderId } = (await shop.place(buyer, { items: items(productId), paymentMethod })).json;
  await shop.inStatus(orderId, 'OnHold');
  await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: { reason: 'known' } });
  await shop.inStatus(orderId, 'Paid');
  await shop.settled(orderId);
  await shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body: { status: 'Shipped' } });
  const messages = ['order_held', 'order_approved', 'order_confirmation', 'order_shipped'];
  const staff = (await shop.rows('USERS_TABLE')).filter(({ role }) => role === 'Manager' || role === 'Admin');
  expect(staff).toHaveLength(2);
  const push = expect.stringMatching(new RegExp(`^by push to ${buyer.userId}#[0-9a-f]{16}$`));
  const expected = [
    ...messages.flatMap((message) =>
      ['published', `by email to ${buyer.userId}`, push].map((over) => ({ message, to: 'customer', over })),
    ),
    ...['published', ...staff.map(({ userId }) => `by email to ${userId}`)].map((over) => ({
      message: 'order_on_hold',
      to: 'staff',
      over,
    })),
  ];
  const sent = await eventually(async () => {
    const found = (await gatherFacts(target, orderId)).sent;
    const isOver = found.every(({ state }) => state === 'done' || state === 'sent');
    return found.length >= expected.length && isOver ? found : undefined;
  });
  expect(sent).toHaveLength(expected.length);
  for (const one of expected) expect(sent).toContainEqual({ ...one, state: expect.any(String) });
  const { notifications } = await explained(orderId);
  expect(notifications).toContain(`order_held for the customer by email to ${buyer.userId}: sent`);
  expect(notifications).toContain('order_on_hold for the staff published: done');
});

test('what was taken back, and by which execution, is told without a word about the person', async () => {
  const productId = await shop.newProduct();
  const { json } = await shop.place(customer, { items: items(productId) });
  await shop.settled(json.orderId);
  const wish = { token: customer.token, body: { reason: 'Jane Doe changed her mind' } };
  await shop.call('POST', `/order/${json.orderId}/cancel`, wish);
  await shop.inStatus(json.orderId, 'Cancelled');
  const story = await explained(json.orderId);
  const reversal = story.events.filter(({ source }) => source === 'reversal').map(({ what }) => what);
  expect(reversal).toContain('cancel: UndoPayment compensates');
  expect(reversal).toContain('cancel: ReleaseInventory compensates');
  expect(story.payment).toContain('given back 1000 USD minor units');
  expect(story.events.map(({ what }) => what)).toContain(`1 × ${productId} back in stock`);
  const report = storyLines(story).join('\n');
  for (const personal of ['Jane', customer.email, '127.0.0.1', 'Main Street', 'pm_card_visa']) {
    expect(report).not.toContain(personal);
  }
  expect(JSON.stringify(story)).not.toContain('Jane');
});

test('a declined order tells the compensation; an order that never was, that there is none', async () => {
  const productId = await shop.newProduct();
  const token = 'pm_card_visa_chargeDeclined';
  const { json } = await shop.place(customer, { items: items(productId), paymentMethod: { token } });
  await shop.settled(json.orderId);
  const story = await explained(json.orderId);
  expect(story.events.map(({ what }) => what)).toContain('UndoPayment compensates');
  expect(story.events.find(({ what }) => what.startsWith('order.failed'))?.what).toContain(
    '(payment_declined)',
  );
  const nothing = await explained('01ARZ3NDEKTSV4RRFFQ69G5FAV');
  expect(nothing).toMatchObject({ events: [], payment: ['none'] });
  expect(nothing.status).toContain('not there');
});

test('a command finds a deployed stage by the outputs of its stacks', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', shop.runtime.awsEndpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', shop.runtime.dynamodbEndpoint);
  const deployed = await connect({ kind: 'aws', stage: 'dev' });
  const productId = await shop.newProduct();
  const { json } = await shop.place(customer, { items: items(productId) });
  await shop.settled(json.orderId);
  expect(tellStory(await gatherFacts(deployed, json.orderId)).status).toBe('Paid');
  deployed.close();
  await expect(connect({ kind: 'aws', stage: 'prod' })).rejects.toThrow(
    'storefront-prod-data cannot be read',
  );
  vi.unstubAllEnvs();
});

test('a command finds a running stack by its port, and says so when none answers there', async () => {
  const found = await connect({ kind: 'local', port: shop.runtime.port });
  expect(found.output('OrdersTableName')).toBe(shop.runtime.tables.ORDERS_TABLE);
  expect(() => found.output('Nonsense')).toThrow('have no output Nonsense');
  found.close();
  await expect(connect({ kind: 'local', port: 1 })).rejects.toThrow('No storefront answers');
});
