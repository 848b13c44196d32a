import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import {
  stageNames,
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

  it.each(['WARN', 'ERROR'])(
    'refuse to log from %s on, as metrics are lines of the level INFO',
    (logLevel) => {
      expect(() => stageSettings('prod', JSON.parse(JSON.stringify({ logLevel })))).toThrow('logLevel');
    },
  );

  it('take a sender for each channel, and refuse one that cannot be', () => {
    const of = (notifications: object) => stageSettings('prod', { notifications }).notifications;
    expect(of({})).toEqual({ staff: [] });
    const from = 'The Shop <orders@shop.example>';
    expect(of({ email: { from, identity: 'shop.example' } }).email?.from).toBe(from);
    expect(of({ email: { from: 'orders@mail.shop.example', identity: 'shop.example' } }).email).toBeDefined();
    const named = { from: 'Shop, Inc. <Orders@shop.example>', identity: 'orders@shop.example' };
    expect(of({ email: named }).email).toEqual(named);
    for (const wrong of [
      'orders',
      'orders@shop',
      'Shop <orders@shop.example>\nBcc: x',
      '',
      'Shop <orders@shop.example',
      'Shop orders@shop.example',
      '"Shop" Inc. <orders@shop.example>',
      'Shop <orders@shop..example>',
      'Shop <orders@notshop.example>',
      'Shop <orders@example>',
    ]) {
      expect(() => of({ email: { from: wrong, identity: 'shop.example' } }), wrong).toThrow('email.from');
    }
    expect(() => of({ email: { from } })).toThrow('email.identity');
    expect(() => of({ email: { from, identity: 'billing@shop.example' } })).toThrow(
      'must lie in the identity',
    );
    const email = { from, identity: 'shop.example' };
    expect(() => of({ email: { ...email, configurationSet: '*' } })).toThrow('email.configurationSet');
    expect(() => of({ email: { ...email, unsubscribe: 'http://shop.example' } })).toThrow(
      'email.unsubscribe',
    );
    expect(() => of({ sms: { type: 'Transactional', senderId: '12345' } })).toThrow('sms.senderId');
    expect(() => of({ push: { applicationArn: 'arn:aws:sns:us-east-1:1:topic' } })).toThrow('applicationArn');
    expect(() => of({ staff: ['nobody'] })).toThrow('staff');
  });

  it('take an undefined override as none', () => {
    const overrides = { region: undefined, auth0: { domain: undefined }, alarmEmail: undefined };
    expect(stageSettings('prod', overrides)).toEqual(stageSettings('prod'));
  });

  it.each([
    [{ auth0: { domain: 'https://shop.eu.auth0.com/' } }, 'auth0.domain: must be a host name'],
    [
      { auth0: { issuer: 'http://tenant.example.com/' } },
      'auth0.issuer: must be an http URL of 127.0.0.1 that ends in a slash',
    ],
    [{ auth0: { issuer: 'http://127.0.0.1:3000' } }, 'auth0.issuer: must be an http URL of 127.0.0.1'],
    [{ region: 'Virginia' }, 'region: must be an AWS region'],
    [{ workflow: { taskTimeoutSeconds: 3 } }, 'workflow.taskTimeoutSeconds'],
    [{ workflow: { reviewTimeoutSeconds: 1.5 } }, 'workflow.reviewTimeoutSeconds'],
    [{ lambda: { apiTimeoutSeconds: 30 } }, 'lambda.apiTimeoutSeconds'],
    [{ throttle: { rate: 0 } }, 'throttle.rate'],
    [{ alarmEmail: 'nobody' }, 'alarmEmail'],
    [
      { analytics: { keptDays: 90, coldAfterDays: 90 } },
      'analytics.coldAfterDays: must be less than keptDays',
    ],
    [{ analytics: { quickSight: { principalArn: 'analysts' } } }, 'analytics.quickSight.principalArn'],
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
    [{ deployment: 'Canary50Percent' } as object, 'deployment'],
    [{ executionLogs: 'none' } as object, 'executionLogs'],
    [{ reservedConcurrency: { payment: 0 } }, 'reservedConcurrency.payment'],
    [{ backup: { keptDays: 36 } }, 'backup.keptDays'],
    [{ protectData: false, backup: { keptDays: 7 } }, 'backup: a stage that does not protect its data'],
    [{ webAcl: { perToken: 5 } }, 'webAcl'],
    [
      { webAcl: { overLimit: 'captcha', blockAnonymous: false, perAddress: 3000, perToken: 1500 } },
      'webAcl.overLimit: captcha needs the page that solves it: an origin in cors.allowedOrigins',
    ],
    [
      {
        cors: { allowedOrigins: ['http://localhost:5173'] },
        webAcl: { overLimit: 'captcha', blockAnonymous: false, perAddress: 3000, perToken: 1500 },
      },
      'webAcl.overLimit: captcha needs pages of public domains, and http://localhost:5173 is none',
    ],
    [{ usagePlan: { clients: ['a', 'b', 'c', 'd', 'e', 'f'] } }, 'usagePlan.clients'],
    [{ usagePlan: { clients: ['Web Shop'] } }, 'usagePlan.clients.0: must be a name such as web'],
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

  it('pay for web ACL, backups and gradual deployments on prod only', () => {
    expect(stageSettings('dev')).toMatchObject({ deployment: 'AllAtOnce' });
    expect(stageSettings('dev')).not.toHaveProperty('webAcl');
    expect(stageSettings('dev')).not.toHaveProperty('backup');
    expect(stageSettings('prod')).toMatchObject({
      deployment: 'Canary10Percent5Minutes',
      webAcl: { overLimit: 'block' },
      backup: { keptDays: 35 },
    });
  });

  it('keep no concurrency for single Lambdas, which a young account could not', () => {
    for (const stage of stageNames) expect(stageSettings(stage).reservedConcurrency).toEqual({});
  });

  it('disclose identities on dev only', () => {
    expect(stageSettings('dev').discloseIdentity).toBe(true);
    expect(stageSettings('prod').discloseIdentity).toBe(false);
  });

  it('point an unconfigured stage at an Auth0 host that can belong to nobody', () => {
    for (const stage of stageNames) expect(stageSettings(stage).auth0.domain).toMatch(/\.invalid$/);
  });
});
