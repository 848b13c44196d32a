import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anAddress } from '../support/builders/user.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let made = 0;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

const quick = ({ token }: Customer, body: unknown, key = `quick-${++made}`) =>
  shop.call('POST', '/order/quick', { token, headers: { 'idempotency-key': key }, body });

async function returning(): Promise<Customer> {
  const customer = await shop.newCustomer({ withProfile: false });
  const saved = await shop.call('PUT', '/user/me/details', {
    token: customer.token,
    body: {
      addresses: [
        anAddress({ label: 'home', isDefault: true }),
        anAddress({ label: 'office', isDefault: false }),
      ],
      preferences: { paymentMethod: 'card' },
      paymentMethods: [{ token: 'pm_card_mastercard' }, { token: 'pm_card_visa', isDefault: true }],
    },
  });
  expect(saved.status).toBe(200);
  return customer;
}

describe('POST /order/quick', () => {
  test('orders with the default address and payment method', async () => {
    const customer = await returning();
    const productId = await shop.newProduct();
    const answer = await quick(customer, { items: items(productId, 2) });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/order/${answer.json.orderId}`);
    expect(answer.json).toMatchObject({
      status: 'Pending',
      address: { label: 'home' },
      paymentInfo: { brand: 'visa', last4: '4242' },
    });
    expect((await shop.settled(answer.json.orderId)).status).toBe('Paid');
  });

  test('takes the address that was chosen last', async () => {
    const customer = await returning();
    const productId = await shop.newProduct();
    const first = await shop.place(customer, { items: items(productId), addressLabel: 'office' });
    await shop.settled(first.json.orderId);
    expect((await quick(customer, { items: items(productId) })).json.address.label).toBe('office');
  });

  test('orders a past order again, in its currency and at the prices of today', async () => {
    const customer = await returning();
    const prices = [
      { amount: 1000, currency: 'USD' },
      { amount: 900, currency: 'EUR' },
    ];
    const productId = await shop.newProduct({ prices });
    const first = await shop.place(customer, { items: items(productId, 3), currency: 'EUR' });
    await shop.settled(first.json.orderId);
    const answer = await quick(customer, { reorderOf: first.json.orderId });
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({
      currency: 'EUR',
      pricing: { total: { amount: 2700, currency: 'EUR' } },
      items: [{ productId, quantity: 3 }],
    });
    expect(answer.json.orderId).not.toBe(first.json.orderId);
  });

  test('answers a repetition the same and refuses another request under its key', async () => {
    const customer = await returning();
    const productId = await shop.newProduct();
    const first = await quick(customer, { items: items(productId) }, 'again');
    const second = await quick(customer, { items: items(productId) }, 'again');
    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const other = await quick(customer, { items: items(productId, 2) }, 'again');
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('waits for the profile when a payment method is saved but no address', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    await shop.call('PUT', '/user/me/details', {
      token: customer.token,
      body: { addresses: [], preferences: {}, paymentMethods: [{ token: 'pm_card_visa' }] },
    });
    const productId = await shop.newProduct();
    const answer = await quick(customer, { items: items(productId) });
    expect(answer.status).toBe(202);
    await shop.inStatus(answer.json.orderId, 'AwaitingProfile');
  });

  test('needs a saved payment method', async () => {
    const customer = await shop.newCustomer();
    const answer = await quick(customer, { items: items(await shop.newProduct()) });
    expect([answer.status, answer.json.code]).toEqual([422, 'payment_method_required']);
    expect(answer.json.errors[0].path).toBe('/paymentMethod');
  });

  test('repeats only one’s own orders, and names the order when a product is gone', async () => {
    const customer = await returning();
    const productId = await shop.newProduct();
    const first = await shop.place(customer, { items: items(productId) });
    const stranger = await returning();
    expect((await quick(stranger, { reorderOf: first.json.orderId })).json.code).toBe('not_found');
    await shop.call('DELETE', `/product/${productId}`, { token: shop.admin });
    const gone = await quick(customer, { reorderOf: first.json.orderId });
    expect([gone.status, gone.json.code]).toEqual([422, 'product_unknown']);
    expect(gone.json.errors[0].path).toBe('/reorderOf');
  });

  test('wants items or a past order, a key, and a customer', async () => {
    const customer = await returning();
    const paths = async (body: unknown) =>
      (await quick(customer, body)).json.errors.map((error: { path: string }) => error.path);
    expect(await paths({})).toEqual(['/items']);
    expect(await paths({ items: items('x'), reorderOf: 'y' })).toEqual(['/reorderOf']);
    expect(await paths({ items: items('x', 0) })).toEqual(['/items/0/quantity']);
    expect(await paths({ items: items('x'), paymentMethod: { token: 'pm_card_visa' } })).toEqual([
      '/paymentMethod',
    ]);
    const { token } = customer;
    const keyless = await shop.call('POST', '/order/quick', { token, body: { items: items('x') } });
    expect(keyless.json.code).toBe('idempotency_key_required');
    expect((await quick({ ...customer, token: shop.manager }, { items: items('x') })).json.code).toBe(
      'forbidden',
    );
  });
});
