import { describe, expect, it } from 'vitest';
import { stageSettingsOf } from '../../../lib/context-settings.ts';
import { stageNames } from '../../../lib/stage-settings.ts';
import { contextOf } from '../../deploy/deploy-and-check.ts';

const issuer = 'http://127.0.0.1:3000/tenant/';
const read = (context: Readonly<Record<string, unknown>>) => (key: string) => context[key];

describe('the context of the deployment check', () => {
  it.each(stageNames)('makes settings with which %s can be synthesized', (stage) => {
    const settings = stageSettingsOf(stage, read(contextOf(issuer)));
    expect(settings).toMatchObject({
      stage,
      auth0: { issuer },
      payments: { provider: 'sandbox' },
      notifications: { email: { identity: 'shop.example' }, sms: { type: 'Transactional' } },
    });
  });
});

describe('the context of a deployment', () => {
  it('may be empty for dev, but has to say who takes the money of prod', () => {
    expect(stageSettingsOf('dev', read({})).stage).toBe('dev');
    expect(() => stageSettingsOf('prod', read({}))).toThrow('-c paymentProvider=stripe');
  });

  it('overrides what it names', () => {
    const context = {
      region: 'eu-central-1',
      corsOrigins: 'https://shop.example.com,https://admin.example.com',
      staffAddresses: 'a@shop.example,b@shop.example',
      deployment: 'AllAtOnce',
      paymentProvider: 'stripe',
    };
    expect(stageSettingsOf('prod', read(context))).toMatchObject({
      region: 'eu-central-1',
      cors: { allowedOrigins: ['https://shop.example.com', 'https://admin.example.com'] },
      notifications: { staff: ['a@shop.example', 'b@shop.example'] },
      deployment: 'AllAtOnce',
      payments: { provider: 'stripe' },
    });
  });

  it('is refused by name where it is none of a few values, or one of a group is missing', () => {
    expect(() => stageSettingsOf('dev', read({ deployment: 'Canary' }))).toThrow(
      'Unknown deployment "Canary": choose one of AllAtOnce',
    );
    expect(() => stageSettingsOf('dev', read({ smsSenderId: 'SHOP' }))).toThrow('notifications.sms.type');
    expect(() => stageSettingsOf('staging', read({}))).toThrow('Unknown stage "staging"');
  });
});
