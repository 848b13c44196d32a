import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { auth0ClientSchema, createSecretReader } from '../../../shared/adapters/secrets.ts';
import { testEffects } from '../../support/effects.ts';

const secrets = mockClient(SecretsManagerClient);
const stored = (SecretString: string) => secrets.on(GetSecretValueCommand).resolves({ SecretString });
const reader = (effects = testEffects()) =>
  createSecretReader(
    new SecretsManagerClient({ region: 'us-east-1' }),
    'arn',
    auth0ClientSchema,
    effects.clock.now,
  );

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
