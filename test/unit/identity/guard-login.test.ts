import { beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../../shared/api/problem.ts';
import { DependencyUnavailableError } from '../../../shared/errors.ts';
import { loginUser } from '../../../shared/identity/login-user.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { type FakeUserPorts, fakeUserPorts } from '../../support/identity-fakes.ts';

let ports: FakeUserPorts;
/** What the identity provider would say to each password. */
const right = () => ports.identityProvider.accept('user-1');
const wrong = () => {
  ports.identityProvider.logInResult = { kind: 'refused' };
};

beforeEach(() => {
  ports = fakeUserPorts(aUser({ trustFirstDevice: true }));
  wrong();
});

interface Attempt {
  email?: string;
  ip?: string;
  captchaToken?: string;
}

const logIn = ({ email = 'user-1@example.com', ip = '203.0.113.7', captchaToken }: Attempt = {}) =>
  loginUser(
    { email, password: 'some password', ...(captchaToken === undefined ? {} : { captchaToken }) },
    aCaller(undefined, { ip }),
    ports,
  );
/** The problem that a login ends with. */
const refusalOf = (login: Promise<unknown>): Promise<Problem> =>
  login.then(
    () => expect.fail('It was let in.'),
    (problem) => problem,
  );
const outcome = (attempt: Attempt = {}) =>
  logIn(attempt).then(
    () => 'entered',
    ({ code }: Problem) => code,
  );
const aDevice = {
  os: 'unknown',
  browser: 'unknown',
  ip: '203.0.113.7',
  region: 'US',
  lastActive: '2026-02-01T00:00:00.000Z',
};
const solved = { captchaToken: 'solved' };
async function fail(times: number, attempt: Attempt = solved) {
  for (let time = 0; time < times; time += 1) await outcome(attempt);
}

describe('failed logins of an account', () => {
  it('bring a CAPTCHA after three, whatever address they come from', async () => {
    for (const ip of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) {
      expect(await outcome({ ip })).toBe('invalid_credentials');
    }
    right();
    expect(await outcome({ ip: '203.0.113.4' })).toBe('captcha_required');
    expect(await outcome({ ip: '203.0.113.4', captchaToken: 'guessed' })).toBe('captcha_required');
    expect(await outcome({ ip: '203.0.113.4', ...solved })).toBe('entered');
  });

  it('leave other accounts alone', async () => {
    await fail(12);
    expect(await outcome({ email: 'other@example.com' })).toBe('invalid_credentials');
  });

  it('have the CAPTCHA checked before the password, and only when one is due', async () => {
    await fail(3, solved);
    expect(ports.protection.captcha.asked).toEqual([]);
    const asked = ports.identityProvider.calls.length;
    await outcome({ captchaToken: 'guessed' });
    expect(ports.protection.captcha.asked).toEqual(['guessed']);
    expect(ports.identityProvider.calls).toHaveLength(asked);
  });

  it('lock it after ten for a quarter of an hour, and say for how long', async () => {
    await fail(10);
    ports.effects.advance(60_000);
    await expect(logIn(solved)).rejects.toMatchObject({
      code: 'account_locked',
      options: { retryAfterSeconds: 14 * 60 },
    });
    ports.effects.advance(14 * 60_000);
    right();
    expect(await outcome()).toBe('entered');
  });

  it('count towards the lock without a CAPTCHA too', async () => {
    await fail(10, {});
    expect(await outcome(solved)).toBe('account_locked');
  });

  it('hide a right password during the lock: same answer, same work, nobody asked', async () => {
    await fail(10);
    const answerOf = async () => {
      ports.protection.attempts.calls.length = 0;
      ports.identityProvider.calls.length = 0;
      const { message, code, options }: Problem = await refusalOf(logIn(solved));
      return {
        message,
        code,
        options,
        work: [...ports.protection.attempts.calls],
        asked: [...ports.identityProvider.calls],
      };
    };
    const toWrong = await answerOf();
    right();
    expect(await answerOf()).toEqual(toWrong);
    expect(toWrong.asked).toEqual([]);
  });

  it('do not prolong a lock by knocking', async () => {
    await fail(10);
    for (let minute = 0; minute < 15; minute += 1) {
      expect(await outcome(solved)).toBe('account_locked');
      ports.effects.advance(60_000);
    }
    right();
    expect(await outcome()).toBe('entered');
  });

  it('are forgotten after a success', async () => {
    await fail(9);
    right();
    expect(await outcome(solved)).toBe('entered');
    wrong();
    for (let time = 0; time < 3; time += 1) expect(await outcome()).toBe('invalid_credentials');
  });

  it('are forgotten with time', async () => {
    await fail(3);
    ports.effects.advance(15 * 60_000);
    expect(await outcome()).toBe('invalid_credentials');
  });

  it('count at the moment of asking, so that no more run side by side than the limit', async () => {
    let running = 0;
    let most = 0;
    ports.identityProvider.logIn = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return { kind: 'refused' };
    };
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcome()));
    expect(most).toBe(10);
    expect(outcomes.filter((one) => one === 'invalid_credentials')).toHaveLength(10);
    expect(outcomes.filter((one) => one === 'account_locked')).toHaveLength(20);
  });

  it('are not what honest logins at one moment are taken for', async () => {
    ports.store.patch('user-1', { deviceInfo: [aDevice] });
    right();
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => outcome()));
    expect(new Set(outcomes)).toEqual(new Set(['entered']));
  });

  it('do not count when the fault is not the person’s', async () => {
    ports.identityProvider.fault = new DependencyUnavailableError('Auth0');
    for (let time = 0; time < 12; time += 1) {
      await expect(logIn()).rejects.toBeInstanceOf(DependencyUnavailableError);
    }
    ports.identityProvider.fault = undefined;
    right();
    expect(await outcome()).toBe('entered');
  });
});

describe('failed logins from an address', () => {
  it('bring a CAPTCHA and a lock to it for every account, and to no other address', async () => {
    const { captchaAfter, lockAfter } = ports.protection.limits.address;
    const anyone = (index: number) => ({ email: `person-${index}@example.com` });
    for (let index = 0; index < captchaAfter; index += 1)
      expect(await outcome(anyone(index))).toBe('invalid_credentials');
    right();
    expect(await outcome()).toBe('captcha_required');
    wrong();
    for (let index = captchaAfter; index < lockAfter; index += 1)
      await outcome({ ...anyone(index), ...solved });
    right();
    for (let time = 0; time < 12; time += 1) expect(await outcome(solved)).toBe('account_locked');
    // What the address did is not the account's doing.
    expect(await outcome({ ip: '198.51.100.1' })).toBe('entered');
  });

  it('are not paid for by a success: one account of one’s own does not buy more guesses', async () => {
    await fail(2, { email: 'other@example.com' });
    right();
    await outcome();
    expect(ports.protection.attempts.count('ADDRESS#')).toBe(2);
  });

  it('count for a whole IPv6 network', async () => {
    await fail(1, { ip: '2001:db8:1:2::1' });
    await fail(1, { ip: '2001:db8:1:2:ffff::9' });
    expect(
      [...ports.protection.attempts.counters].filter(([key]) => key.startsWith('ADDRESS#')),
    ).toHaveLength(1);
  });
});

describe('an office behind one address', () => {
  it('does not keep the failures of the morning alive by the successes of the day', async () => {
    const { captchaAfter } = ports.protection.limits.address;
    for (let index = 1; index < captchaAfter; index += 1)
      await outcome({ email: `person-${index}@example.com` });
    right();
    for (let minute = 0; minute < 15; minute += 1) {
      expect(await outcome()).toBe('entered');
      ports.effects.advance(60_000);
    }
    wrong();
    for (let index = 1; index < captchaAfter; index += 1)
      expect(await outcome({ email: `colleague-${index}@example.com` })).toBe('invalid_credentials');
  });
});

describe('an account that does not exist', () => {
  it('answers and costs exactly what a wrong password does, all the way to the lock', async () => {
    const course = async (email: string) => {
      const seen: unknown[] = [];
      ports.protection.attempts.calls.length = 0;
      ports.identityProvider.calls.length = 0;
      for (let time = 0; time < 12; time += 1) {
        const { message, code, options }: Problem = await refusalOf(
          logIn({
            email,
            captchaToken: time % 2 ? 'solved' : 'x',
          }),
        );
        seen.push([message, code, options]);
      }
      return { seen, work: [...ports.protection.attempts.calls], asked: [...ports.identityProvider.calls] };
    };
    expect(await course('nobody@example.com')).toEqual(await course('user-1@example.com'));
  });
});

describe('what the counters keep', () => {
  it('is neither e-mail nor address', async () => {
    await fail(1);
    expect(JSON.stringify([...ports.protection.attempts.counters])).not.toMatch(/user-1|203\.0\.113/);
  });
});
