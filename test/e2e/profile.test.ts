import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anAddress } from '../support/builders/user.ts';
import { type Customer, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

const me = async ({ token }: Customer) => shop.call('GET', '/user/me', { token });
const patch = ({ token }: Customer, body: unknown, headers?: Record<string, string>) =>
  shop.call('PATCH', '/user/me', { token, body, ...(headers ? { headers } : {}) });
const save = ({ token }: Customer, body: object, headers?: Record<string, string>) =>
  shop.call('PUT', '/user/me/details', {
    token,
    body: { addresses: [], preferences: {}, ...body },
    ...(headers ? { headers } : {}),
  });

describe('the addresses of a profile', () => {
  it('are several, labelled, exactly one the default: the one that says so, else the first', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const [home, office, parents] = ['home', 'office', 'parents'].map((label) => anAddress({ label }));
    const defaults = async (addresses: unknown[]) => {
      const { json } = await save(customer, { addresses });
      return json.addresses.map(({ isDefault }: { isDefault: boolean }) => isDefault);
    };
    expect(await defaults([home, office, parents])).toEqual([true, false, false]);
    expect(await defaults([home, { ...office, isDefault: true }])).toEqual([false, true]);
    expect(await defaults([{ ...home, isDefault: false }, office])).toEqual([true, false]);
    expect(await defaults([])).toEqual([]);
  });

  it('may be selected by label; a selection ends with its address', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const [home, office] = [anAddress(), anAddress({ label: 'office' })];
    await save(customer, { addresses: [home, office] });
    const selected = await patch(customer, { lastSelectedAddress: 'office' });
    expect(selected.json).toMatchObject({ lastSelectedAddress: 'office' });
    expect((await patch(customer, { lastSelectedAddress: 'moon' })).json.code).toBe('address_unknown');
    expect((await save(customer, { addresses: [office, home] })).json.lastSelectedAddress).toBe('office');
    expect((await save(customer, { addresses: [home] })).json).not.toHaveProperty('lastSelectedAddress');
  });
});

describe('the payment methods of a profile', () => {
  it('are tokens that no answer shows again, and keep their ids', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const paymentMethods = [{ token: 'pm_card_visa' }, { token: 'pm_card_mastercard', isDefault: true }];
    const { json, text } = await save(customer, { paymentMethods });
    expect(text).not.toContain('pm_card_');
    expect(json.paymentMethods).toMatchObject([
      { brand: 'visa', last4: '4242', isDefault: false },
      { brand: 'mastercard', last4: '4444', isDefault: true },
    ]);
    expect(json.preferredPaymentMethod).toBe(json.paymentMethods[1].id);
    // Left out they stay, as a client cannot send again what it never sees.
    const kept = await save(customer, { preferences: { paymentMethod: json.paymentMethods[0].id } });
    expect(kept.json).toMatchObject({
      paymentMethods: json.paymentMethods,
      preferredPaymentMethod: json.paymentMethods[0].id,
    });
    expect((await save(customer, { paymentMethods: [] })).json.paymentMethods).toEqual([]);
  });

  it('are never card numbers, wherever one is put', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const number = '4242 4242 4242 4242';
    const bad: [string, object][] = [
      ['/paymentMethods/0/token', { paymentMethods: [{ token: number }] }],
      ['/paymentMethods/0/brand', { paymentMethods: [{ token: 'pm_card_visa', brand: number }] }],
      ['/paymentMethods/0/last4', { paymentMethods: [{ token: 'pm_card_visa', last4: number }] }],
      ['/paymentMethods/0/cvc', { paymentMethods: [{ token: 'pm_card_visa', cvc: '123' }] }],
      ['/preferences/paymentMethod', { preferences: { paymentMethod: number } }],
    ];
    for (const [path, body] of bad) {
      expect((await save(customer, body)).json, path).toMatchObject({ status: 400, errors: [{ path }] });
    }
  });
});

describe('what a profile lacks', () => {
  it('is named before an order, prompted for once, and filled in step by step', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const productId = await shop.newProduct();
    const check = async () => {
      const body = { items: [{ productId, quantity: 1 }] };
      const { json } = await shop.call('POST', '/order/check', { token: customer.token, body });
      return json.profile;
    };
    const missing = ['addresses', 'preferences.paymentMethod'];
    expect(await check()).toEqual({ isProfileComplete: false, missing, prompt: true });
    await patch(customer, { profileCompletionPrompted: true });
    expect(await check()).toEqual({ isProfileComplete: false, missing, prompt: false });
    const half = await save(customer, { addresses: [anAddress()] });
    expect(half.json.isProfileComplete).toBe(false);
    expect(await check()).toMatchObject({ missing: ['preferences.paymentMethod'], prompt: false });
    const whole = await save(customer, { addresses: [anAddress()], preferences: { paymentMethod: 'card' } });
    expect(whole.json.isProfileComplete).toBe(true);
    expect(await check()).toEqual({ isProfileComplete: true, missing: [], prompt: false });
    // And taken away again it is missed again.
    expect((await save(customer, {})).json.isProfileComplete).toBe(false);
  });
});

describe('the ETag of a profile', () => {
  it('is told by GET, PATCH and PUT, and honoured as If-Match when it is sent', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const read = (await me(customer)).headers.get('etag') ?? '';
    expect(read).toBe('"1"');
    const phone = '+14155550100';
    const changed = await patch(customer, { phone }, { 'If-Match': read });
    expect(changed.headers.get('etag')).toBe('"2"');
    expect((await me(customer)).headers.get('etag')).toBe('"2"');
    for (const late of [
      await patch(customer, { phone: '+14155550199' }, { 'If-Match': read }),
      await save(customer, { addresses: [anAddress()] }, { 'If-Match': read }),
    ]) {
      expect(late.json).toMatchObject({ status: 412, code: 'version_conflict' });
    }
    expect((await me(customer)).json).toMatchObject({ phone, addresses: [], version: 2 });
    const saved = await save(customer, { addresses: [anAddress()] }, { 'If-Match': '"2"' });
    expect(saved.headers.get('etag')).toBe('"3"');
    expect((await patch(customer, { phone: '+14155550111' })).status).toBe(200);
  });

  it('lets one of two win who read the same', async () => {
    const customer = await shop.newCustomer({ withProfile: false });
    const rivals = ['+14155550101', '+14155550102', '+14155550103'].map((phone) =>
      patch(customer, { phone }, { 'If-Match': '"1"' }),
    );
    const statuses = (await Promise.all(rivals)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 412, 412]);
  });
});

describe('who may change what of a profile', () => {
  it('is oneself for what is one’s own, an Admin for all, and nobody else', async () => {
    const [customer, other] = [await shop.newCustomer(), await shop.newCustomer()];
    const path = `/user/${customer.userId}`;
    const own = { phone: '+14155550100', profileCompletionPrompted: true, lastSelectedAddress: 'home' };
    expect((await patch(customer, own)).json).toMatchObject(own);
    for (const body of [{ role: 'Manager' }, { disabled: true }, { role: 'Customer' }]) {
      expect((await patch(customer, body)).json, JSON.stringify(body)).toMatchObject({
        status: 403,
        code: 'forbidden',
      });
      for (const token of [other.token, shop.manager]) {
        expect((await shop.call('PATCH', path, { token, body })).json).toMatchObject({
          status: 404,
          code: 'not_found',
        });
      }
    }
    const byAdmin = await shop.call('PATCH', path, { token: shop.admin, body: { role: 'Manager' } });
    expect(byAdmin.json).toMatchObject({ role: 'Manager', accessLevel: 2 });
  });
});
