import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { StageName } from '../../lib/stage-settings.ts';
import { seededPassword, seedUsers } from '../../local/seed/seed-users.ts';
import { type CallAnswer, type CallOptions, callApi } from '../support/call-api.ts';
import type { StackOutputs } from './cdk.ts';
import { credentials, type Emulator, region } from './emulator.ts';
import { auth0Client, type DeployTenant } from './tenant.ts';

/** A stage that `cdk deploy` made, as its outputs tell it. */
export interface DeployedStage {
  readonly name: StageName;
  readonly apiUrl: string;
  /** An output of one stack. @throws Error when there is none */
  output(stack: 'data' | 'backend', name: string): string;
  outputs(stack: 'data' | 'backend'): Readonly<Record<string, string>>;
  call(method: string, path: string, options?: CallOptions): Promise<CallAnswer>;
  /** A token of a seeded user. */
  loginAs(user: 'admin' | 'manager'): Promise<string>;
}

/** `https://ID.execute-api.REGION.amazonaws.com/STAGE/` as the address of the same API at the emulator. */
export function emulatedApiUrl(output: string, endpoint: string): string {
  const match = /^https:\/\/([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.[a-z.]+\/([\w-]+)\/?$/.exec(output);
  if (!match) throw new Error(`"${output}" is no URL of API Gateway`);
  return `${endpoint}/_aws/execute-api/${match[1]}/${match[2]}`;
}

export function deployedStage(name: StageName, outputs: StackOutputs, endpoint: string): DeployedStage {
  const outputsOf: DeployedStage['outputs'] = (stack) => outputs[`storefront-${name}-${stack}`] ?? {};
  const output: DeployedStage['output'] = (stack, wanted) => {
    const value = outputsOf(stack)[wanted];
    if (value === undefined) throw new Error(`Stack storefront-${name}-${stack} has no output ${wanted}`);
    return value;
  };
  const apiUrl = emulatedApiUrl(output('backend', 'ApiUrl'), endpoint);
  const call: DeployedStage['call'] = (method, path, options) =>
    callApi(apiUrl, method, path, { ...options, timeoutMilliseconds: 30_000 });
  return {
    name,
    apiUrl,
    output,
    outputs: outputsOf,
    call,
    async loginAs(user) {
      const body = { email: `${user}@example.com`, password: seededPassword };
      const { status, text, json } = await call('POST', '/user/login', { body });
      if (status !== 200) throw new Error(`Login of ${user}: ${status} ${text}`);
      return json.token;
    },
  };
}

/**
 * What an operator does once after a first deployment (docs/operations.md): the application's secret goes where the
 * output says, and the first members of staff into tenant and table.
 */
export async function prepareStage(
  stage: DeployedStage,
  emulator: Emulator,
  tenant: DeployTenant,
): Promise<void> {
  const client = { endpoint: emulator.endpoint, region, credentials };
  const secrets = new SecretsManagerClient(client);
  const dynamo = new DynamoDBClient(client);
  try {
    const SecretId = stage.output('data', 'Auth0SecretArn');
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(auth0Client) }));
    const documents = DynamoDBDocumentClient.from(dynamo, {
      marshallOptions: { removeUndefinedValues: true },
    });
    const tables = {
      users: stage.output('data', 'UsersTableName'),
      audit: stage.output('data', 'AuditTableName'),
    };
    await seedUsers(documents, tables, tenant.users);
  } finally {
    secrets.destroy();
    dynamo.destroy();
  }
}

/** Where the stages' mails come from. */
export const mailDomain = 'shop.example';

/** What an operator does once for an account: SES sends for identities alone that it has verified. */
export async function verifyMailDomain({ endpoint }: Emulator): Promise<void> {
  const ses = new SESv2Client({ endpoint, region, credentials });
  try {
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: mailDomain }));
  } finally {
    ses.destroy();
  }
}
