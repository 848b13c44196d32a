import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { connectDynamo } from '../support/dynamo.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';
import { otherThan, sentCode } from '../support/login-codes.ts';
import { mentions } from '../support/mentions.ts';

let stack: LocalStack;
let dynamo: Dynamo;
const logs: string[] = [];

beforeAll(async () => {
  stack = await startLocalStack({ seed: false, onLambdaLog: (...line) => logs.push(JSON.stringify(line)) });
  dynamo = connectDynamo(stack.runtime.dynamodbEndpoint);
});
afterAll(async () => {
  dynamo?.destroy();
  await stack?.stop();
});

const password = 'Passw0rd!long';
const deviceInfo = { os: 'macOS', browser: 'Safari' };
const home = '203.0.113.7';
const abroad = '198.51.100.9';
let people = 0;

interface Login {
  ip?: string;
  password?: string;
  deviceInfo?: { os: string; browser: string };
  captchaToken?: string;
  mfa?: { challengeId: string; code: string };
}

async function aPerson(more: { phone?: string } = {}) {
  people += 1;
  const email = `guarded-${people}@example.com`;
  const body = { username: `guarded-${people}`, email, password, deviceInfo, ...more };
  expect((await stack.call('POST', '/user/register', { body, ip: home })).status).toBe(201);
  return email;
}

const logIn = (email: string, { ip = home, ...body }: Login = {}) =>
  stack.call('POST', '/user/login', { body: { email, password, deviceInfo, ...body }, ip });

async function aChallenge(email: string) {
  const { json } = await logIn(email, { ip: abroad });
  expect(json.code).toBe('mfa_required');
  return { challengeId: json.challengeId, code: sentCode(stack, json.challengeId) };
}

/** Another code than this one. */

describe('a second factor', () => {
  it('is asked for at a new address, sent by SMS to who has a telephone, and lets in', async () => {
    const email = await aPerson({ phone: '+14155550100' });
    expect((await logIn(email)).status).toBe(200);
    const refused = await logIn(email, { ip: abroad });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.json).toMatchObject({ status: 403, code: 'mfa_required', channels: ['sms'] });
    expect(refused.json).not.toHaveProperty('token');
    expect(Date.parse(refused.json.expiresAt) - Date.now()).toBeLessThanOrEqual(600_000);
    const mfa = {
      challengeId: refused.json.challengeId,
      code: sentCode(stack, refused.json.challengeId),
    };
    const entered = await logIn(email, { ip: abroad, mfa });
    expect(entered).toMatchObject({ status: 200, json: { token: expect.any(String), newDevice: true } });
    const { json } = await stack.call('GET', '/user/me', { token: entered.json.token });
    expect(json.deviceInfo).toMatchObject([
      { ...deviceInfo, ip: abroad, region: 'unknown' },
      { ...deviceInfo, ip: home },
    ]);
    expect((await logIn(email, { ip: abroad })).json.newDevice).toBe(false);
  });

  it('is worth nothing twice, wrong, or from elsewhere', async () => {
    const email = await aPerson();
    const mfa = await aChallenge(email);
    const failed = { status: 422, code: 'mfa_failed' };
    const wrong = { ...mfa, code: otherThan(mfa.code) };
    expect((await logIn(email, { ip: abroad, mfa: wrong })).json).toMatchObject(failed);
    expect((await logIn(email, { ip: '198.51.100.10', mfa })).json).toMatchObject(failed);
    const otherDevice = { os: 'Android', browser: 'Chrome' };
    expect((await logIn(email, { ip: abroad, deviceInfo: otherDevice, mfa })).json).toMatchObject(failed);
    const other = await aPerson();
    expect((await logIn(other, { ip: abroad, mfa })).json).toMatchObject(failed);
    expect((await logIn(email, { ip: abroad, mfa, password: 'Wr0ng!password' })).json.code).toBe(
      'invalid_credentials',
    );
    expect((await logIn(email, { ip: abroad, mfa })).status).toBe(200);
    expect((await logIn(email, { ip: abroad, mfa })).json).toMatchObject(failed);
  });

  it('is worth nothing after five wrong ones, sent at one moment too', async () => {
    const email = await aPerson();
    const mfa = await aChallenge(email);
    const wrong = { ...mfa, code: otherThan(mfa.code) };
    const guesses = await Promise.all(
      Array.from({ length: 5 }, () => logIn(email, { ip: abroad, mfa: wrong })),
    );
    expect(guesses.map(({ json }) => json.code)).toEqual(Array.from({ length: 5 }, () => 'mfa_failed'));
    expect((await logIn(email, { ip: abroad, mfa })).json.code).toBe('mfa_failed');
  });

  it('lets in one of many who send it at one moment', async () => {
    const email = await aPerson();
    const mfa = await aChallenge(email);
    const answers = await Promise.all(Array.from({ length: 4 }, () => logIn(email, { ip: abroad, mfa })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is found in the outbox, and in no table, log or answer', async () => {
    const { code } = await aChallenge(await aPerson());
    const tables = Object.values(stack.runtime.tables);
    expect(tables.length).toBeGreaterThan(4);
    for (const TableName of new Set(tables)) {
      const { Items } = await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }));
      expect(JSON.stringify(Items), TableName).not.toMatch(new RegExp(`"${code}"`));
    }
    expect(logs.length).toBeGreaterThan(0);
    expect(logs.filter((text) => mentions(text, code))).toEqual([]);
  });

  it('is not asked of a seeded user at the first login, from wherever that is, but at the next place', async () => {
    const manager = { email: 'manager@example.com', password: 'Passw0rd!local' };
    const from = (ip: string) => stack.call('POST', '/user/login', { body: manager, ip });
    expect((await from('192.0.2.55')).status).toBe(200);
    expect((await from('192.0.2.55')).status).toBe(200);
    expect((await from('192.0.2.56')).json.code).toBe('mfa_required');
  });
});

describe('honest logins of one person at one moment', () => {
  it('all get in', async () => {
    const email = await aPerson();
    const answers = await Promise.all(Array.from({ length: 15 }, () => logIn(email)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 200));
  });
});

describe('repeated failures', () => {
  const wrong = { password: 'Wr0ng!password' };

  it('bring a CAPTCHA, then a lock with Retry-After that hides the right password', async () => {
    const email = await aPerson();
    const captchaToken = 'local-captcha-ok';
    for (let time = 0; time < 3; time += 1) {
      expect((await logIn(email, wrong)).json).toMatchObject({ status: 401, code: 'invalid_credentials' });
    }
    expect((await logIn(email)).json).toMatchObject({ status: 403, code: 'captcha_required' });
    expect((await logIn(email, { captchaToken: 'made up' })).json.code).toBe('captcha_required');
    for (let time = 0; time < 5; time += 1) {
      expect((await logIn(email, { ...wrong, captchaToken })).json.code).toBe('invalid_credentials');
    }
    const [toWrong, toRight] = [
      await logIn(email, { ...wrong, captchaToken }),
      await logIn(email, { captchaToken }),
    ];
    expect(toRight.json).toMatchObject({ status: 423, code: 'account_locked' });
    expect({ ...toRight.json, requestId: '' }).toEqual({ ...toWrong.json, requestId: '' });
    for (const { headers } of [toWrong, toRight]) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(890);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(900);
    }
    // The lock is the account's, wherever the next attempt comes from.
    expect((await logIn(email, { ip: abroad, captchaToken })).json.code).toBe('account_locked');
  });

  it('are forgotten after a success with a CAPTCHA', async () => {
    const email = await aPerson();
    for (let time = 0; time < 3; time += 1) await logIn(email, wrong);
    expect((await logIn(email, { captchaToken: 'local-captcha-ok' })).status).toBe(200);
    expect((await logIn(email)).status).toBe(200);
  });

  it('of an unknown account look the same', async () => {
    const known = await aPerson();
    const course = async (email: string, ip: string) => {
      const seen: unknown[] = [];
      for (let time = 0; time < 12; time += 1) {
        const { status, json } = await logIn(email, { ...wrong, ip });
        seen.push([status, { ...json, requestId: '' }]);
      }
      return seen;
    };
    expect(await course('nobody-at-all@example.com', '192.0.2.70')).toEqual(
      await course(known, '192.0.2.71'),
    );
  });

  it('leave no e-mail address in the table', async () => {
    const TableName = stack.runtime.tables.IDEMPOTENCY_TABLE;
    const { Items } = await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }));
    expect(Items?.some(({ pk }) => String(pk).startsWith('ATTEMPTS#ACCOUNT#'))).toBe(true);
    expect(JSON.stringify(Items)).not.toContain('@example.com');
  });
});
