import { describe, expect, it } from 'vitest';
import { TransientError } from '../../../shared/errors.ts';
import { addUserDetails } from '../../../shared/identity/add-user-details.ts';
import { countries } from '../../../shared/identity/countries.ts';
import { looksLikeCardNumber } from '../../../shared/identity/payment-token.ts';
import { detailsRequest } from '../../../shared/identity/user-schemas.ts';
import { aCaller, anAddress, aUser } from '../../support/builders/user.ts';
import { fakeUserPorts } from '../../support/identity-fakes.ts';

const user = aUser();
const caller = aCaller(user);
const home = anAddress();
const office = anAddress({ label: 'office' });
const visa = { token: 'pm_card_visa' };

describe('saving details', () => {
  it('makes the first address and the first payment method the default when none says so', async () => {
    const saved = await addUserDetails(
      'user-1',
      { addresses: [home, office], preferences: {}, paymentMethods: [visa, { token: 'pm_card_amex' }] },
      caller,
      fakeUserPorts(user),
    );
    expect(saved.addresses.map(({ isDefault }) => isDefault)).toEqual([true, false]);
    expect(saved.paymentMethods.map(({ isDefault }) => isDefault)).toEqual([true, false]);
  });

  it('keeps the default that is flagged', async () => {
    const saved = await addUserDetails(
      'user-1',
      { addresses: [home, { ...office, isDefault: true }], preferences: {} },
      caller,
      fakeUserPorts(user),
    );
    expect(saved.addresses.map(({ isDefault }) => isDefault)).toEqual([false, true]);
  });

  it.each([
    ['neither', [], {}, undefined, false],
    ['an address only', [home], {}, undefined, false],
    ['a payment preference only', [], { paymentMethod: 'card' }, undefined, false],
    ['an address and a payment preference', [home], { paymentMethod: 'card' }, undefined, true],
    ['an address and a payment method', [home], {}, [visa], true],
  ])('with %s: is the profile complete?', async (_, addresses, preferences, paymentMethods, complete) => {
    const ports = fakeUserPorts(user);
    const saved = await addUserDetails('user-1', { addresses, preferences, paymentMethods }, caller, ports);
    expect(saved.isProfileComplete).toBe(complete);
    expect(ports.resumer.resumed).toEqual(complete ? ['user-1'] : []);
  });

  it('derives brand and last digits from a sandbox token, unless they are given', async () => {
    const paymentMethods = [visa, { token: 'pm_other', brand: 'maestro', last4: '1111' }];
    const saved = await addUserDetails(
      'user-1',
      { addresses: [], preferences: {}, paymentMethods },
      caller,
      fakeUserPorts(user),
    );
    expect(saved.paymentMethods).toMatchObject([
      { token: 'pm_card_visa', brand: 'visa', last4: '4242' },
      { token: 'pm_other', brand: 'maestro', last4: '1111' },
    ]);
    expect(saved.preferredPaymentMethod).toBe(saved.paymentMethods[0]?.id);
  });

  it('prefers what the person states, as the id of the saved method it names', async () => {
    const details = { addresses: [home], paymentMethods: [{ token: 'pm_card_amex' }, visa] };
    const named = await addUserDetails(
      'user-1',
      { ...details, preferences: { paymentMethod: 'pm_card_visa' } },
      caller,
      fakeUserPorts(user),
    );
    expect(named.preferredPaymentMethod).toBe(named.paymentMethods[1]?.id);
    const stated = await addUserDetails(
      'user-1',
      { ...details, preferences: { paymentMethod: 'invoice' } },
      caller,
      fakeUserPorts(user),
    );
    expect(stated.preferredPaymentMethod).toBe('invoice');
  });

  it('keeps payment methods that are not sent, and drops a selected address that is gone', async () => {
    const before = aUser({
      addresses: [{ ...home, isDefault: true }],
      lastSelectedAddress: 'home',
      paymentMethods: [{ id: 'pm_1', token: 'pm_card_visa', brand: 'visa', last4: '4242', isDefault: true }],
    });
    const saved = await addUserDetails(
      'user-1',
      { addresses: [office], preferences: {} },
      aCaller(before),
      fakeUserPorts(before),
    );
    expect(saved.paymentMethods).toEqual(before.paymentMethods);
    expect(saved).not.toHaveProperty('lastSelectedAddress');
  });

  it('changes nothing when it is repeated', async () => {
    const ports = fakeUserPorts(user);
    const details = { addresses: [home], preferences: {}, paymentMethods: [visa] };
    const first = await addUserDetails('user-1', details, caller, ports);
    const second = await addUserDetails('user-1', details, aCaller(first), ports);
    expect(second).toEqual(first);
    expect(ports.store.entries).toHaveLength(1);
  });

  it('fails when checkouts cannot be resumed, keeps the data, and resumes at the repetition', async () => {
    const ports = fakeUserPorts(user);
    const details = { addresses: [home], preferences: { paymentMethod: 'card' } };
    ports.resumer.fault = new TransientError('down');
    await expect(addUserDetails('user-1', details, caller, ports)).rejects.toThrow('down');
    expect(ports.store.users.get('user-1')?.isProfileComplete).toBe(true);

    delete ports.resumer.fault;
    await addUserDetails('user-1', details, aCaller(ports.store.users.get('user-1') ?? user), ports);
    expect(ports.resumer.resumed).toEqual(['user-1']);
  });
});

describe('the request for details', () => {
  const wrong = (body: object) => {
    const result = detailsRequest.safeParse({ addresses: [home], preferences: {}, ...body });
    return result.error?.issues.map(({ path, message }) => [path.join('/'), message]) ?? [];
  };

  it('may flag one default only', () => {
    const flagged = [home, office].map((address) => ({ ...address, isDefault: true }));
    expect(wrong({ addresses: flagged })).toEqual([['addresses/1/isDefault', 'only one may be the default']]);
  });

  it('may use a label once, whatever its capitals', () => {
    expect(wrong({ addresses: [home, anAddress({ label: 'HOME ' })] })).toEqual([
      ['addresses/1/label', 'is used twice'],
    ]);
  });

  it.each([
    '4242424242424242',
    '4242 4242 4242 4242',
    'tok-5555-5555-5555-4444',
    '4111 1111 1111 1111 12/27',
    '12/27 4111.1111.1111.1111 123',
    '41111111111111111227',
  ])('may not carry the card number %s', (token) => {
    expect(wrong({ paymentMethods: [{ token }] })[0]?.[0]).toBe('paymentMethods/0/token');
    expect(wrong({ preferences: { paymentMethod: token } })[0]?.[0]).toBe('preferences/paymentMethod');
    expect(wrong({ preferences: { deliveryTime: token } })[0]?.[0]).toBe('preferences/deliveryTime');
    for (const field of ['label', 'line1', 'line2', 'city', 'state'])
      expect(wrong({ addresses: [{ ...home, [field]: token }] })[0]?.[0]).toBe(`addresses/0/${field}`);
  });

  it('names each field that is wrong', () => {
    const paths = wrong({ addresses: [{ ...home, country: 'XX', zip: '', extra: 1 }], surprise: true });
    expect(paths.map(([path]) => path)).toEqual(
      expect.arrayContaining(['addresses/0/country', 'addresses/0/zip', 'addresses/0', '']),
    );
  });
});

describe('countries', () => {
  it('are the 249 of ISO 3166-1', () => {
    expect(countries.size).toBe(249);
    for (const none of ['ZZ', 'EU', 'UK', 'SU', 'us', 'USA']) expect(countries.has(none)).toBe(false);
  });
});

describe('payment tokens', () => {
  it('are told from card numbers by the Luhn check', () => {
    expect(looksLikeCardNumber('4242424242424241')).toBe(false);
    expect(looksLikeCardNumber('378282246310005')).toBe(true);
    expect(looksLikeCardNumber('pm_1MqLiJLkdIwHu7ixUEgbFdYF')).toBe(false);
  });

  it.each([
    '4111 1111 1111 1111 12/27',
    '4111-1111-1111-1111 cvc 123',
    '3782 822463 10005 1227',
    '2223 0031 2200 3222',
    '6011 1111 1111 1117',
    '3530111333300000',
    '4111111111111111123',
    '１２/２７ ４１１１１１１１１１１１１１１１',
    'a4111\u00a01111\u00a01111\u00a01111b',
  ])('do not look like %s, which holds a card number', (text) => {
    expect(looksLikeCardNumber(text)).toBe(true);
  });

  it.each([
    '1 Market Street 94105',
    'Apt. 12, 3rd floor',
    '+49 30 123456',
    '2026-03-01 10:00-12:00',
    'weekdays 18:00-20:00, not 24.12.',
    '1772366400000',
    '01J8ZQ4T4M2V5X8E9R3K7N6P0A',
    '4111 1111 1111 1112',
    '9999999999999995',
  ])('may look like %s, which holds none', (text) => {
    expect(looksLikeCardNumber(text)).toBe(false);
  });
});
