import { beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../../shared/api/problem.ts';
import { TransientError } from '../../../shared/errors.ts';
import { loginUser } from '../../../shared/identity/login-user.ts';
import type { Notification } from '../../../shared/notifications/notification.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { type FakeUserPorts, fakeUserPorts } from '../../support/identity-fakes.ts';

const home = { os: 'macOS', browser: 'Safari' };
const seen = { ...home, ip: '203.0.113.7', region: 'US', lastActive: '2026-02-01T00:00:00.000Z' };
const credentials = { email: 'user-1@example.com', password: 'Long enough 1' };
const atHome = aCaller(undefined);
const abroad = aCaller(undefined, { ip: '198.51.100.1' });
const wrongCode = '123456';

let ports: FakeUserPorts;

beforeEach(() => {
  ports = fakeUserPorts(aUser({ deviceInfo: [seen] }));
  ports.identityProvider.accept('user-1');
});

interface Attempt {
  from?: typeof atHome;
  deviceInfo?: { os: string; browser: string };
  mfa?: { challengeId: string; code: string };
}

const logIn = ({ from = abroad, deviceInfo = home, mfa }: Attempt = {}) =>
  loginUser({ ...credentials, deviceInfo, ...(mfa ? { mfa } : {}) }, from, ports);
/** The problem that a login ends with. */
const refusalOf = (login: Promise<unknown>): Promise<Problem> =>
  login.then(
    () => expect.fail('It was let in.'),
    (problem) => problem,
  );
const codeOf = (attempt: Attempt) =>
  logIn(attempt).then(
    () => 'entered',
    ({ code }: Problem) => code,
  );

const codeIn = (sent: Notification | undefined) => (sent?.type === 'mfa_code' ? sent.data.code : '');

/** Logs in from abroad and answers what the person was sent. */
async function aChallenge() {
  expect(await codeOf({})).toBe('mfa_required');
  const sent = ports.protection.notifier.sent.at(-1);
  return { challengeId: sent?.notificationId ?? '', code: codeIn(sent) };
}

describe('a login from an unusual place', () => {
  it.each([
    ['a new address', { from: abroad, deviceInfo: home }],
    ['a new device', { from: atHome, deviceInfo: { os: 'Windows', browser: 'Safari' } }],
    ['a new browser', { from: atHome, deviceInfo: { os: 'macOS', browser: 'Firefox' } }],
  ])('wants a code from %s', async (_, attempt) => {
    expect(await codeOf(attempt)).toBe('mfa_required');
  });

  it('wants a code where no device is on record, unless the record says that the first is trusted', async () => {
    ports.store.patch('user-1', { deviceInfo: [] });
    expect(await codeOf({ from: atHome })).toBe('mfa_required');
    ports.store.patch('user-1', { trustFirstDevice: true });
    expect(await codeOf({ from: atHome })).toBe('entered');
  });

  it('judges a device that does not say what it is by its address alone', async () => {
    const silent = (caller: typeof atHome) => loginUser(credentials, caller, ports);
    await expect(silent(atHome)).resolves.toMatchObject({ newDevice: true });
    const away = { ...atHome, client: { ...atHome.client, ip: '192.0.2.200' } };
    await expect(silent(away)).rejects.toMatchObject({ code: 'mfa_required' });
  });

  it('takes the first name that a device gives itself at a known address', async () => {
    ports.store.patch('user-1', { deviceInfo: [{ ...seen, os: 'unknown', browser: 'unknown' }] });
    const named = { ...credentials, deviceInfo: { os: 'macOS', browser: 'Safari' } };
    await expect(loginUser(named, atHome, ports)).resolves.toMatchObject({ newDevice: true });
    const other = { ...credentials, deviceInfo: { os: 'Windows', browser: 'Edge' } };
    await expect(loginUser(other, atHome, ports)).rejects.toMatchObject({ code: 'mfa_required' });
  });

  it('says how to go on, gives no token, and records no device', async () => {
    const problem: Problem = await refusalOf(logIn());
    expect(problem.options.extension).toEqual({
      challengeId: expect.any(String),
      expiresAt: '2026-03-01T12:10:00.000Z',
      channels: ['email'],
    });
    expect(JSON.stringify(problem.options)).not.toContain('a.b.c');
    expect(ports.store.users.get('user-1')?.deviceInfo).toEqual([seen]);
  });

  it.each([
    ['email', {}],
    ['sms', { phone: '+14155550100' }],
  ])('sends the code by %s', async (channel, record) => {
    ports.store.patch('user-1', record);
    const { challengeId } = await aChallenge();
    expect(ports.protection.notifier.sent).toEqual([
      {
        notificationId: challengeId,
        topic: 'user',
        channel,
        role: 'Customer',
        type: 'mfa_code',
        userId: 'user-1',
        data: { code: expect.stringMatching(/^\d{6}$/), expiresAt: '2026-03-01T12:10:00.000Z' },
      },
    ]);
  });

  it.each([
    ['email', ['email'] as const],
    ['sms', ['sms'] as const],
    ['sms', [] as const],
  ])('goes by %s to who has a telephone when the stage has %j', async (channel, codeChannels) => {
    ports.store.patch('user-1', { phone: '+14155550100' });
    Object.assign(ports.protection, { codeChannels });
    expect(await codeOf({})).toBe('mfa_required');
    expect(ports.protection.notifier.sent).toMatchObject([{ channel }]);
  });

  it('keeps the code out of the answer, the audit trail and the table', async () => {
    const problem: Problem = await refusalOf(logIn());
    const code = codeIn(ports.protection.notifier.sent[0]);
    const kept = [
      problem.message,
      problem.options,
      ports.audit.entries,
      ...ports.protection.challenges.challenges.values(),
    ];
    expect(JSON.stringify(kept)).not.toContain(code);
    expect(ports.audit.entries).toMatchObject([{ action: 'user.mfa_required', actor: { id: 'user-1' } }]);
  });

  it('takes the six digits, leading zeros too, from the randomness that it is given', async () => {
    ports = { ...ports, effects: { ...ports.effects, random: () => 0.000_042_5 } };
    expect((await aChallenge()).code).toBe('000042');
  });

  it('hashes the same code differently for each challenge', async () => {
    const [first, second] = [await aChallenge(), await aChallenge()];
    expect(first.code).toBe(second.code);
    const hashes = [...ports.protection.challenges.challenges.values()].map(({ codeHash }) => codeHash);
    expect(new Set(hashes).size).toBe(2);
  });

  it('sends no code to an account that is barred', async () => {
    ports.store.patch('user-1', { disabled: true });
    expect(await codeOf({})).toBe('account_disabled');
    expect(ports.protection.notifier.sent).toEqual([]);
  });

  it('sends no more codes than the limit, and says when the next one may go', async () => {
    for (let count = 0; count < ports.protection.limits.codesPerWindow; count += 1) await aChallenge();
    await expect(logIn()).rejects.toMatchObject({
      code: 'rate_limited',
      options: { retryAfterSeconds: 900 },
    });
    ports.effects.advance(900_000);
    await aChallenge();
  });
});

describe('codes to one telephone', () => {
  const phone = '+14155550100';
  const strangers = () => {
    for (let index = 0; index < 9; index += 1)
      ports.store.users.set(
        `stranger-${index}`,
        aUser({ userId: `stranger-${index}`, phone, deviceInfo: [] }),
      );
  };
  const demandAs = (userId: string) => {
    ports.identityProvider.accept(userId);
    return codeOf({});
  };

  it('are limited through however many accounts that name it', async () => {
    strangers();
    const answers: string[] = [];
    for (let time = 0; time < 30; time += 1) answers.push(await demandAs(`stranger-${time % 9}`));
    const { codesPerDestination } = ports.protection.limits;
    expect(answers.filter((answer) => answer === 'mfa_required')).toHaveLength(codesPerDestination);
    expect(answers.at(-1)).toBe('rate_limited');
    expect(ports.protection.notifier.sent).toHaveLength(codesPerDestination);
    ports.store.patch('user-1', { phone: '+14155550199' });
    expect(await demandAs('user-1')).toBe('mfa_required');
    expect(JSON.stringify([...ports.protection.attempts.counters])).not.toContain('4155550100');
  });

  it('are not on the count when they could not be sent', async () => {
    const { publish } = ports.protection.notifier;
    ports.protection.notifier.publish = async () => {
      throw new TransientError('The topic is busy');
    };
    for (let time = 0; time < 30; time += 1) await expect(logIn()).rejects.toBeInstanceOf(TransientError);
    ports.protection.notifier.publish = publish;
    for (let count = 0; count < ports.protection.limits.codesPerWindow; count += 1) await aChallenge();
  });
});

describe('wrong codes of a day', () => {
  const hour = 60 * 60_000;
  /** Four wrong ones of one challenge, then an hour's rest: within every limit of a quarter of an hour. */
  async function guess(): Promise<string[]> {
    const demanded = await codeOf({});
    if (demanded !== 'mfa_required') return [demanded];
    const challengeId = ports.protection.notifier.sent.at(-1)?.notificationId ?? '';
    const answers: string[] = [];
    for (let time = 0; time < 4; time += 1)
      answers.push(await codeOf({ mfa: { challengeId, code: wrongCode } }));
    ports.effects.advance(hour);
    return answers;
  }

  it('are twenty at most; then no code is sent or heard, and the answer says until when', async () => {
    const spare = await aChallenge();
    for (let time = 0; time < 5; time += 1) expect(new Set(await guess())).toEqual(new Set(['mfa_failed']));
    const sent = ports.protection.notifier.sent.length;
    await expect(logIn()).rejects.toMatchObject({
      code: 'account_locked',
      options: { retryAfterSeconds: 23 * 60 * 60 },
    });
    expect(ports.protection.notifier.sent).toHaveLength(sent);
    expect(await codeOf({ mfa: spare })).toBe('account_locked');
    ports.effects.advance(23 * hour);
    expect(await codeOf({ mfa: await aChallenge() })).toBe('entered');
  });

  it('are no more than twenty when they are sent at one moment', async () => {
    const challenges = [];
    for (let time = 0; time < 8; time += 1) challenges.push(await aChallenge());
    const guesses = challenges.flatMap(({ challengeId }) =>
      Array.from({ length: 5 }, () => codeOf({ mfa: { challengeId, code: wrongCode } })),
    );
    const answers = await Promise.all(guesses);
    expect(answers.filter((answer) => answer === 'mfa_failed')).toHaveLength(20);
    expect(answers.filter((answer) => answer === 'account_locked')).toHaveLength(20);
  });

  it('lock neither known devices nor, however often one knocks, the account', async () => {
    for (let time = 0; time < 5; time += 1) await guess();
    for (let time = 0; time < 30; time += 1) expect(await codeOf({})).toBe('account_locked');
    expect(await codeOf({ from: atHome })).toBe('entered');
  });

  it('are forgotten after a right one', async () => {
    for (let time = 0; time < 4; time += 1) await guess();
    expect(await codeOf({ mfa: await aChallenge() })).toBe('entered');
    ports.store.patch('user-1', { deviceInfo: [seen] });
    for (let time = 0; time < 5; time += 1) expect(new Set(await guess())).toEqual(new Set(['mfa_failed']));
  });
});

describe('the code', () => {
  it('that was right makes room for as many codes as before', async () => {
    for (let count = 1; count < ports.protection.limits.codesPerWindow; count += 1) await aChallenge();
    expect(await codeOf({ mfa: await aChallenge() })).toBe('entered');
    await aChallengeFrom('198.51.100.2');
  });

  it('lets the device in, which is trusted from then on', async () => {
    const mfa = await aChallenge();
    expect(await logIn({ mfa })).toMatchObject({ token: 'a.b.c', newDevice: true });
    expect(ports.store.users.get('user-1')?.deviceInfo).toMatchObject([{ ip: '198.51.100.1' }, seen]);
    expect(await logIn()).toMatchObject({ token: 'a.b.c', newDevice: false });
  });

  it('is good once, even though the device is trusted by then', async () => {
    const mfa = await aChallenge();
    await logIn({ mfa });
    expect(await codeOf({ mfa })).toBe('mfa_failed');
  });

  it('lets in one of two who send it at the same moment', async () => {
    const mfa = await aChallenge();
    const outcomes = await Promise.all([codeOf({ mfa }), codeOf({ mfa })]);
    expect(outcomes.sort()).toEqual(['entered', 'mfa_failed']);
  });

  it('is good for ten minutes', async () => {
    const mfa = await aChallenge();
    ports.effects.advance(10 * 60 * 1000 - 1);
    expect(await codeOf({ mfa })).toBe('entered');
    const late = await aChallengeFrom('198.51.100.2');
    ports.effects.advance(10 * 60 * 1000);
    expect(await codeOf({ from: aCaller(undefined, { ip: '198.51.100.2' }), mfa: late })).toBe('mfa_failed');
  });

  it('may be guessed at five times; then the right one is worth nothing', async () => {
    const { challengeId, code } = await aChallenge();
    for (let guess = 0; guess < 4; guess += 1) {
      expect(await codeOf({ mfa: { challengeId, code: wrongCode } })).toBe('mfa_failed');
    }
    const spare = await aChallenge();
    expect(await codeOf({ mfa: { challengeId, code: wrongCode } })).toBe('mfa_failed');
    expect(await codeOf({ mfa: { challengeId, code } })).toBe('mfa_failed');
    expect(await codeOf({ mfa: spare })).toBe('entered');
  });

  it('is worth nothing from another address or device, or in another challenge', async () => {
    const mfa = await aChallenge();
    const others: Attempt[] = [
      { mfa, from: aCaller(undefined, { ip: '198.51.100.9' }) },
      { mfa, deviceInfo: { os: 'Linux', browser: 'Safari' } },
      { mfa: { ...mfa, challengeId: 'another' } },
    ];
    for (const attempt of others) expect(await codeOf(attempt)).toBe('mfa_failed');
    expect(await codeOf({ mfa })).toBe('entered');
  });

  it('is worth nothing to another user, whose guesses do not use it up', async () => {
    const mfa = await aChallenge();
    ports.store.users.set('user-2', aUser({ userId: 'user-2', deviceInfo: [seen] }));
    ports.identityProvider.accept('user-2');
    for (let guess = 0; guess < 6; guess += 1) expect(await codeOf({ mfa })).toBe('mfa_failed');
    ports.identityProvider.accept('user-1');
    expect(await codeOf({ mfa })).toBe('entered');
  });

  it('is checked after the password', async () => {
    const mfa = await aChallenge();
    ports.identityProvider.logInResult = { kind: 'refused' };
    for (let guess = 0; guess < 2; guess += 1) expect(await codeOf({ mfa })).toBe('invalid_credentials');
    ports.identityProvider.accept('user-1');
    expect(await codeOf({ mfa })).toBe('entered');
  });

  it('that fails is audited and counts as no wrong password', async () => {
    const { challengeId } = await aChallenge();
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await codeOf({ mfa: { challengeId, code: wrongCode } })).toBe('mfa_failed');
    }
    expect(ports.audit.entries.at(-1)).toMatchObject({ action: 'user.login_denied', reason: 'mfa_failed' });
    expect(ports.protection.attempts.count('ACCOUNT#')).toBe(0);
  });
});

async function aChallengeFrom(ip: string) {
  expect(await codeOf({ from: aCaller(undefined, { ip }) })).toBe('mfa_required');
  const sent = ports.protection.notifier.sent.at(-1);
  return { challengeId: sent?.notificationId ?? '', code: codeIn(sent) };
}
