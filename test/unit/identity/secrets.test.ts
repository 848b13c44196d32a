import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { auth0ClientSchema, createSecretReader } from '../../../shared/adapters/secrets.ts';
import { stripeSecretSchema } from '../../../shared/adapters/stripe/client.ts';
import { createTaskHandler } from '../../../shared/workflow/task-handler.ts';
import { testEffects } from '../../support/effects.ts';

const secrets = mockClient(SecretsManagerClient);
const stored = (SecretString: string) => secrets.on(GetSecretValueCommand).resolves({ SecretString });
const client = new SecretsManagerClient({ region: 'us-east-1' });
const reader = (effects = testEffects()) =>
  createSecretReader(client, 'arn', auth0ClientSchema, effects.clock.now);

beforeEach(() => secrets.reset());

describe('a secret', () => {
  it('is read once, and again after ten minutes, when it may have been rotated', async () => {
    const effects = testEffects();
    const read = reader(effects);
    stored('{"clientId":"a","clientSecret":"1"}');
    await read();
    stored('{"clientId":"a","clientSecret":"2"}');
    expect(await read()).toEqual({ clientId: 'a', clientSecret: '1' });
    effects.advance(10 * 60 * 1000);
    expect(await read()).toEqual({ clientId: 'a', clientSecret: '2' });
  });

  it('that could not be read is tried again at the next call', async () => {
    const read = reader();
    secrets.on(GetSecretValueCommand).rejects(new Error('down'));
    await expect(read()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
    stored('{"clientId":"a","clientSecret":"1"}');
    await expect(read()).resolves.toMatchObject({ clientId: 'a' });
  });

  it.each([
    ['{"secretKey":"pk_live_hush","webhookSecrets":[]}', 'wrong in secretKey'],
    ['{"secretKey":"sk_live_hush","webhookSecrets":["hush"]}', 'wrong in webhookSecrets.0'],
    ['hush', 'wrong in its JSON'],
  ])('that is put wrongly stops a task as what may be put right, and says where: %s', async (text, where) => {
    stored(text);
    const read = createSecretReader(client, 'arn', stripeSecretSchema, testEffects().clock.now);
    const handler = createTaskHandler(() => ({ authorize: read }));
    const error = await handler({ task: 'authorize' }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'TransientError', message: expect.stringContaining(where) });
    expect(String(error)).not.toContain('hush');
  });

  it.each(['hush-hush', '{"clientId":"hush-hush"}'])(
    'is not quoted by the error about it: %s',
    async (text) => {
      stored(text);
      const error = await reader()().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).not.toContain('hush');
    },
  );
});
