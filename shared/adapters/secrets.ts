import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { DependencyUnavailableError } from '../errors.ts';
import { clientDefaults } from './aws-client.ts';

export const auth0ClientSchema = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1) });
export type Auth0Client = z.infer<typeof auth0ClientSchema>;

/** The CAPTCHA provider's secret for this site. */
export const captchaSecretSchema = z.object({ secret: z.string().min(1) });
/** Key of the hashes of login codes. */
export const codeKeySchema = z.object({ key: z.string().min(32) });

/** How long a value is kept in a container: a rotated secret is in use everywhere after that. */
const keptMilliseconds = 10 * 60 * 1000;

export function createSecretsClient(): SecretsManagerClient {
  return new SecretsManagerClient(clientDefaults);
}

/**
 * Reads a JSON secret by a schema and keeps it for a while. A failed read is not kept.
 * @returns a function that throws DependencyUnavailableError, which does not quote the value, when it cannot
 */
export function createSecretReader<T>(
  client: SecretsManagerClient,
  secretId: string,
  schema: z.ZodType<T>,
  now: () => Date,
): () => Promise<T> {
  let kept: { value: T; until: number } | undefined;
  return async () => {
    if (kept && now().getTime() < kept.until) {
      return kept.value;
    }
    const value = readBy(schema, await readSecret(client, secretId));
    kept = { value, until: now().getTime() + keptMilliseconds };
    return value;
  };
}

async function readSecret(client: SecretsManagerClient, secretId: string): Promise<string> {
  try {
    const { SecretString = '{}' } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    return SecretString;
  } catch (error) {
    throw new DependencyUnavailableError('Secrets Manager', error);
  }
}

/**
 * A secret that somebody has put wrongly can be put right: a dependency that is away, and no defect of ours. Errors
 * are logged, so that they name what is wrong and quote nothing.
 */
function readBy<T>(schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path }) => path.join('.') || 'its JSON');
  throw new DependencyUnavailableError(`A secret that is wrong in ${[...new Set(wrong)].join(', ')}`);
}

/** JSON.parse quotes what it cannot read. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
