import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { anAddress } from '../support/builders/user.ts';
import { connectDynamo } from '../support/dynamo.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';
import { sentCode } from '../support/login-codes.ts';

let stack: LocalStack;
let dynamo: Dynamo;

beforeAll(async () => {
  stack = await startLocalStack({ seed: false });
  dynamo = connectDynamo(stack.runtime.dynamodbEndpoint);
});
afterAll(async () => {
  dynamo?.destroy();
  await stack?.stop();
});

const password = 'Passw0rd!long';
let people = 0;

/** Somebody nobody has heard of. */
function aPerson() {
  people += 1;
  return { username: `person-${people}`, email: `person-${people}@example.com`, password };
}

const deviceInfo = { os: 'macOS', browser: 'Safari' };
const post = (path: string, body: unknown, ip?: string) =>
  stack.call('POST', path, { body, ...(ip === undefined ? {} : { ip }) });

async function logIn(person: { email: string; password: string }) {
  const { status, json } = await post('/user/login', {
    email: person.email,
    password: person.password,
    deviceInfo,
  });
  expect(status).toBe(200);
  return json;
}

async function aCustomer() {
  const person = aPerson();
  expect((await post('/user/register', { ...person, deviceInfo })).status).toBe(201);
  const { token, userId } = await logIn(person);
  return { ...person, token, userId };
}

const admin = () => stack.loginAs('admin');
const rows = async (table: 'USERS_TABLE' | 'AUDIT_TABLE') => {
  const TableName = stack.runtime.tables[table];
  return (await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items ?? [];
};

describe('POST /user/register', () => {
  it('creates a Customer who can log in at once', async () => {
    const person = aPerson();
    const response = await post('/user/register', { ...person, phone: '+14155550100', deviceInfo });
    expect(response.status).toBe(201);
    expect(response.json).toEqual({ userId: expect.any(String), status: 'created', role: 'Customer' });
    expect(response.headers.get('location')).toBe(`/user/${response.json.userId}`);
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(await logIn(person)).toMatchObject({ userId: response.json.userId, newDevice: false });
  });

  it('keeps e-mail addresses and usernames unique, whatever their capitals', async () => {
    const person = aPerson();
    expect((await post('/user/register', person)).status).toBe(201);
    const sameEmail = { ...aPerson(), email: person.email.toUpperCase() };
    expect((await post('/user/register', sameEmail)).json).toMatchObject({
      status: 409,
      code: 'email_taken',
    });
    const sameName = { ...aPerson(), username: person.username.toUpperCase() };
    expect((await post('/user/register', sameName)).json).toMatchObject({
      status: 409,
      code: 'username_taken',
    });
    // The refused one left nothing behind: its address is free.
    expect((await post('/user/register', { ...sameName, username: 'free-again' })).status).toBe(201);
  });

  it('makes one account of many registrations at the same moment', async () => {
    const email = aPerson().email;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post('/user/register', { ...aPerson(), email })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ json }) => json.code === 'email_taken')).toHaveLength(5);
    const winners = (await rows('USERS_TABLE')).filter((row) => row.email === email);
    expect(winners).toHaveLength(1);
  });

  it('gives a username to one of many who want it at the same moment, and lets the others try again', async () => {
    const rivals = Array.from({ length: 4 }, () => ({ ...aPerson(), username: 'wanted-by-all' }));
    const answers = await Promise.all(rivals.map((rival) => post('/user/register', rival)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ json }) => json.code === 'username_taken')).toHaveLength(3);
    const loser = rivals[answers.findIndex(({ status }) => status === 409)];
    expect((await post('/user/register', { ...loser, username: 'second-choice' })).status).toBe(201);
  });

  it('refuses a weak password', async () => {
    for (const weak of ['short', 'alllowercase']) {
      const response = await post('/user/register', { ...aPerson(), password: weak });
      expect(response.json).toMatchObject({ status: 422, code: 'weak_password' });
    }
  });

  it('goes on where a registration broke off after the signup', async () => {
    const person = aPerson();
    const signup = await fetch(`${stack.url}/_auth0/dbconnections/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: 'local-client',
        connection: 'Username-Password-Authentication',
        email: person.email,
        password,
      }),
    });
    expect(signup.status).toBe(200);
    expect((await post('/user/login', { email: person.email, password })).json.code).toBe(
      'invalid_credentials',
    );
    const stranger = { ...person, password: 'An0ther!password' };
    expect((await post('/user/register', stranger)).json.code).toBe('email_taken');
    expect((await post('/user/register', { ...person, deviceInfo })).status).toBe(201);
    await logIn(person);
  });

  it('writes nothing when the input is bad', async () => {
    const before = [await rows('USERS_TABLE'), await rows('AUDIT_TABLE')];
    const bad: [unknown, string][] = [
      [{ ...aPerson(), email: 'nonsense' }, '/email'],
      [{ ...aPerson(), surprise: 1 }, '/surprise'],
      [{ ...aPerson(), phone: '12' }, '/phone'],
      [{ username: 'no-email', password }, '/email'],
    ];
    for (const [body, path] of bad) {
      const response = await post('/user/register', body);
      expect(response.json).toMatchObject({
        type: 'https://docs.storefront.dev/problems/validation_failed',
        status: 400,
        code: 'validation_failed',
        requestId: response.headers.get('x-request-id'),
        errors: [{ path }],
      });
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
    expect([await rows('USERS_TABLE'), await rows('AUDIT_TABLE')]).toEqual(before);
  });

  it('keeps no password and audits without personal data', async () => {
    const person = await aCustomer();
    expect(JSON.stringify(await rows('USERS_TABLE'))).not.toContain(password);
    const audited = (await rows('AUDIT_TABLE')).filter(({ pk }) => pk === `USER#${person.userId}`);
    expect(audited.map(({ action }) => action).sort()).toEqual(['user.logged_in', 'user.registered']);
    expect(JSON.stringify(audited)).not.toContain(person.email);
  });
});

describe('POST /user/exists', () => {
  it('finds by e-mail address and by username, and notes the activity', async () => {
    const { email, username, userId } = await aCustomer();
    for (const wanted of [{ email: email.toUpperCase() }, { username }]) {
      const response = await post('/user/exists', wanted);
      expect(response).toMatchObject({ status: 200, json: { exists: true, userId, role: 'Customer' } });
    }
    expect((await post('/user/exists', { username: 'nobody-at-all' })).json).toEqual({ exists: false });
  });

  it('wants either of the two', async () => {
    for (const body of [{}, { email: 'a@example.com', username: 'abc' }, { email: 1 }]) {
      expect((await post('/user/exists', body)).json).toMatchObject({
        status: 400,
        code: 'validation_failed',
      });
    }
  });
});

describe('POST /user/login', () => {
  it('answers what the contract says', async () => {
    const person = await aCustomer();
    expect(await logIn(person)).toEqual({
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      tokenType: 'Bearer',
      expiresIn: expect.any(Number),
      userId: person.userId,
      role: 'Customer',
      isProfileComplete: false,
      profileCompletionPrompted: false,
      newDevice: false,
    });
  });

  it('tells a new device, once, and lists devices newest first', async () => {
    const { email, token } = await aCustomer();
    const other = { email, password, deviceInfo: { os: 'Android', browser: 'Chrome' } };
    const { json: challenge } = await post('/user/login', other, '198.51.100.9');
    const mfa = { challengeId: challenge.challengeId, code: sentCode(stack, challenge.challengeId) };
    expect((await post('/user/login', { ...other, mfa }, '198.51.100.9')).json.newDevice).toBe(true);
    expect((await post('/user/login', other, '198.51.100.9')).json.newDevice).toBe(false);
    const { json } = await stack.call('GET', '/user/me', { token });
    expect(json.deviceInfo).toMatchObject([
      { os: 'Android', browser: 'Chrome', ip: '198.51.100.9' },
      { os: 'macOS', browser: 'Safari' },
    ]);
  });

  it('answers alike for a wrong password and an unknown address', async () => {
    const { email } = await aCustomer();
    const wrong = await post('/user/login', { email, password: 'wrong' });
    const unknown = await post('/user/login', { email: 'nobody@example.com', password: 'wrong' });
    expect(wrong.json).toMatchObject({ status: 401, code: 'invalid_credentials' });
    expect({ ...unknown.json, requestId: '' }).toEqual({ ...wrong.json, requestId: '' });
  });
});

describe('POST /user/password-reset', () => {
  it('answers 202 whether the address is known or not, and sends one mail', async () => {
    const { email } = await aCustomer();
    for (const address of [email, 'nobody@example.com']) {
      const response = await post('/user/password-reset', { email: address });
      expect(response.status).toBe(202);
    }
    const mails = stack.runtime
      .outbox()
      .filter((message) => JSON.stringify(message).includes('password_reset'));
    expect(mails).toHaveLength(1);
  });
});

describe('/user/{userId}', () => {
  it('is readable by oneself and by an Admin, and hidden from everybody else', async () => {
    const [ann, bob] = [await aCustomer(), await aCustomer()];
    const own = await stack.call('GET', '/user/me', { token: ann.token });
    expect(own).toMatchObject({
      status: 200,
      json: { userId: ann.userId, role: 'Customer', accessLevel: 1 },
    });
    expect(own.headers.get('etag')).toBe('"1"');
    const byAdmin = await stack.call('GET', `/user/${ann.userId}`, { token: await admin() });
    expect(byAdmin.json).toEqual(own.json);
    const byBob = await stack.call('GET', `/user/${ann.userId}`, { token: bob.token });
    expect(byBob.json).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('lets one change what is one’s own, and no more', async () => {
    const { token } = await aCustomer();
    const patch = (body: unknown) => stack.call('PATCH', '/user/me', { token, body });
    const renamed = await patch({ username: `renamed-${people}`, phone: '+4930123456' });
    expect(renamed.json).toMatchObject({ username: `renamed-${people}`, phone: '+4930123456', version: 2 });
    expect((await patch({ username: 'admin' })).json).toMatchObject({ status: 409, code: 'username_taken' });
    expect((await patch({ lastSelectedAddress: 'moon' })).json).toMatchObject({
      status: 422,
      code: 'address_unknown',
    });
    expect((await patch({ role: 'Admin' })).json).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await patch({ disabled: false })).json).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await patch({ email: 'x@example.com' })).json).toMatchObject({
      status: 400,
      code: 'validation_failed',
    });
    expect((await stack.call('GET', '/user/me', { token })).json.version).toBe(2);
  });

  it('lets an Admin make a Manager: the old token is refused, the next one says Manager', async () => {
    const person = await aCustomer();
    const changed = await stack.call('PATCH', `/user/${person.userId}`, {
      token: await admin(),
      body: { role: 'Manager' },
    });
    expect(changed.json).toMatchObject({ role: 'Manager', accessLevel: 2 });
    const old = await stack.call('GET', '/user/me', { token: person.token });
    expect(old.json).toMatchObject({ status: 403, code: 'role_mismatch' });
    const { token, role } = await logIn(person);
    expect(role).toBe('Manager');
    expect((await stack.call('GET', '/user/me', { token })).status).toBe(200);
  });

  it('lets an Admin disable an account: its token and its password open nothing', async () => {
    const person = await aCustomer();
    const disable = async (disabled: boolean) =>
      stack.call('PATCH', `/user/${person.userId}`, { token: await admin(), body: { disabled } });
    expect((await disable(true)).status).toBe(200);
    const byToken = await stack.call('GET', '/user/me', { token: person.token });
    expect(byToken.json).toMatchObject({ status: 403, code: 'account_disabled' });
    const byPassword = await post('/user/login', { email: person.email, password });
    expect(byPassword.json).toMatchObject({ status: 403, code: 'account_disabled' });
    expect((await disable(false)).status).toBe(200);
    await logIn(person);
  });

  it('keeps the last Admin', async () => {
    const token = await admin();
    for (const body of [{ role: 'Customer' }, { disabled: true }]) {
      const response = await stack.call('PATCH', '/user/me', { token, body });
      expect(response.json).toMatchObject({ status: 409, code: 'last_admin' });
    }
    await admin();
  });
});

describe('PUT /user/{userId}/details', () => {
  const details = {
    addresses: [anAddress(), anAddress({ label: 'office', isDefault: true })],
    preferences: { deliveryTime: 'evening', paymentMethod: 'pm_card_visa', newsletterOptIn: false },
    paymentMethods: [{ token: 'pm_card_visa' }],
  };

  it('completes the profile, and a repetition changes nothing', async () => {
    const { token } = await aCustomer();
    const put = () => stack.call('PUT', '/user/me/details', { token, body: details });
    const saved = await put();
    expect(saved).toMatchObject({
      status: 200,
      json: {
        isProfileComplete: true,
        addresses: [
          { label: 'home', isDefault: false },
          { label: 'office', isDefault: true },
        ],
        preferences: details.preferences,
        paymentMethods: [{ id: expect.any(String), brand: 'visa', last4: '4242', isDefault: true }],
        version: 2,
      },
    });
    expect(saved.json.preferredPaymentMethod).toBe(saved.json.paymentMethods[0].id);
    expect((await put()).json).toEqual(saved.json);
  });

  it('refuses card numbers, two defaults and repeated labels, and writes nothing', async () => {
    const { token } = await aCustomer();
    const [home] = details.addresses;
    const bad: [object, string][] = [
      [{ paymentMethods: [{ token: '4242424242424242' }] }, '/paymentMethods/0/token'],
      [{ addresses: [{ ...home, isDefault: true }, details.addresses[1]] }, '/addresses/1/isDefault'],
      [{ addresses: [home, home] }, '/addresses/1/label'],
      [{ addresses: [{ ...home, country: 'ZZ' }] }, '/addresses/0/country'],
    ];
    for (const [change, path] of bad) {
      const response = await stack.call('PUT', '/user/me/details', {
        token,
        body: { ...details, ...change },
      });
      expect(response.json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ path }] });
    }
    expect((await stack.call('GET', '/user/me', { token })).json).toMatchObject({
      version: 1,
      addresses: [],
    });
  });
});
