import { describe, expect, it } from 'vitest';
import {
  stageNames,
  stageSettings,
  taskTimeoutMarginSeconds,
  workflowLambdaTimeoutSeconds,
} from '../../lib/stage-settings.ts';

describe('stage settings', () => {
  it.each(stageNames)('of %s are valid without any override', (stage) => {
    expect(stageSettings(stage).stage).toBe(stage);
  });

  it('refuse an unknown stage and name those that exist', () => {
    expect(() => stageSettings('staging')).toThrow('Unknown stage "staging": choose one of dev, prod');
  });

  it('take an override and leave everything beside it alone', () => {
    const settings = stageSettings('dev', { auth0: { domain: 'shop.eu.auth0.com' } });
    expect(settings.auth0).toEqual({ ...stageSettings('dev').auth0, domain: 'shop.eu.auth0.com' });
  });

  it('take the id of our application at the tenant, which is unknown before there is a tenant', () => {
    expect(stageSettings('prod').auth0.clientId).toBeUndefined();
    expect(stageSettings('prod', { auth0: { clientId: 'ours' } }).auth0.clientId).toBe('ours');
    expect(() => stageSettings('prod', { auth0: { clientId: '' } })).toThrow('auth0.clientId');
  });

  it('bound the codes of one telephone, and the wrong ones of one user', () => {
    for (const stage of stageNames) {
      const { limits } = stageSettings(stage).login;
      expect(limits).toMatchObject({ codesPerWindow: 10, codesPerDestination: 20, wrongCodes: 20 });
    }
  });

  it('take an undefined override as none', () => {
    const overrides = { region: undefined, auth0: { domain: undefined }, alarmEmail: undefined };
    expect(stageSettings('prod', overrides)).toEqual(stageSettings('prod'));
  });

  it.each([
    [{ auth0: { domain: 'https://shop.eu.auth0.com/' } }, 'auth0.domain: must be a host name'],
    [{ region: 'Virginia' }, 'region: must be an AWS region'],
    [{ workflow: { taskTimeoutSeconds: 3 } }, 'workflow.taskTimeoutSeconds'],
    [{ workflow: { reviewTimeoutSeconds: 1.5 } }, 'workflow.reviewTimeoutSeconds'],
    [{ lambda: { apiTimeoutSeconds: 30 } }, 'lambda.apiTimeoutSeconds'],
    [{ throttle: { rate: 0 } }, 'throttle.rate'],
    [{ alarmEmail: 'nobody' }, 'alarmEmail'],
    [
      { login: { captchaVerifyUrl: 'http://captcha.example' } },
      'login.captchaVerifyUrl: must be an https URL',
    ],
    [{ login: { limits: { account: { captchaAfter: 10 } } } }, 'captchaAfter must be below lockAfter'],
    [{ login: { limits: { windowSeconds: 0 } } }, 'login.limits.windowSeconds'],
    [{ fraud: { userVelocity: { windowSeconds: 100 } } }, 'fraud.userVelocity.windowSeconds'],
    [{ fraud: { firstOrderAmount: { limit: { currency: 'DOLLARS' } } } }, 'fraud.firstOrderAmount.limit'],
    [{ fraud: { countryMismatch: { compare: [] } } }, 'fraud.countryMismatch.compare'],
    [{ payments: { provider: 'stripe' }, workflow: { reviewTimeoutSeconds: 604_800 } }, 'at most 432000'],
    [{ payments: { provider: 'stripe' }, workflow: { taskTimeoutSeconds: 15 } }, 'at least 20 with Stripe'],
    [{ loglevel: 'INFO' } as object, 'loglevel'],
  ])('refuse %j and name the setting', (overrides, message) => {
    expect(() => stageSettings('dev', overrides)).toThrow(message);
  });

  it('name every wrong setting at once', () => {
    const wrong = () => stageSettings('dev', { region: 'x', throttle: { burst: -1 } });
    expect(wrong).toThrow(/Settings of stage "dev" are wrong:\n {2}region: .*\n {2}throttle\.burst: /);
  });

  it.each(stageNames)('keep the Lambda of a task shorter than the task on %s', (stage) => {
    const settings = stageSettings(stage);
    const difference = settings.workflow.taskTimeoutSeconds - workflowLambdaTimeoutSeconds(settings);
    expect(difference).toBe(taskTimeoutMarginSeconds);
    expect(difference).toBeGreaterThan(0);
  });

  it.each(stageNames)('ask for a CAPTCHA after three failures and lock after ten on %s', (stage) => {
    const { account, address, windowSeconds } = stageSettings(stage).login.limits;
    expect(account).toEqual({ captchaAfter: 3, lockAfter: 10 });
    expect(windowSeconds).toBe(15 * 60);
    // Many people may share an address.
    expect(address.captchaAfter).toBeGreaterThan(account.lockAfter);
  });

  it('disclose identities on dev only', () => {
    expect(stageSettings('dev').discloseIdentity).toBe(true);
    expect(stageSettings('prod').discloseIdentity).toBe(false);
  });

  it('point an unconfigured stage at an Auth0 host that can belong to nobody', () => {
    for (const stage of stageNames) expect(stageSettings(stage).auth0.domain).toMatch(/\.invalid$/);
  });
});
