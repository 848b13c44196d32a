import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { differs } from './differs.ts';
import type { ManagementClient } from './management-client.ts';
import { bindAction, deployAction, type Note } from './tenant-action.ts';
import { setUpConnection } from './tenant-connection.ts';

export interface TenantSettings {
  /** Identifier of our API; the stage's `auth0.audience`. */
  readonly audience: string;
  /** Database connection that keeps the passwords; the stage's `auth0.connection`. */
  readonly connection: string;
  /** Name of the confidential application that the user Lambda speaks for. */
  readonly application: string;
  /** Source of the post-login Action. */
  readonly actionCode: string;
}

export interface SetUpTenant {
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** What had to be made or changed, one line each; empty when all was as it should be. */
  readonly changes: readonly string[];
}

/** What the user Lambda does at the Management API, and no more. */
const managementScopes = ['delete:users', 'update:users', 'update:users_app_metadata'];
const passwordRealm = 'http://auth0.com/oauth/grant-type/password-realm';
const perPage = 100;

const thing = z.looseObject({ id: z.string() });
const application = z.looseObject({
  client_id: z.string(),
  name: z.string(),
  client_secret: z.string().optional(),
});
const anything = z.unknown();

/**
 * Brings a tenant into the shape that the API needs. Looks first and changes only what differs, so it may be
 * run again at any time; it removes nothing that it has not made.
 */
export async function setUpTenant(
  api: ManagementClient,
  settings: TenantSettings,
  wait: (milliseconds: number) => Promise<unknown>,
): Promise<SetUpTenant> {
  const changes: string[] = [];
  const note = (line: string) => changes.push(line);
  await makeApi(api, settings, note);
  const client = await setUpApplication(api, settings, note);
  await grantManagement(api, client.client_id, note);
  await grantLogins(api, settings, client.client_id, note);
  // After the grant, without which nobody could log in any more.
  await setUpApi(api, settings, note);
  await setUpConnection(api, settings.connection, client.client_id, note);
  const actionId = await deployAction(api, settings.actionCode, wait, note);
  await bindAction(api, actionId, note);
  return { clientId: client.client_id, clientSecret: client.client_secret, changes };
}

const wantedApi = {
  name: 'Storefront API',
  signing_alg: 'RS256',
  token_dialect: 'access_token',
  allow_offline_access: false,
  // People get a token through our application alone, which asks for codes and counts failures; another one
  // of the tenant would not. No machine gets one: a token is a person with a user record.
  subject_type_authorization: { user: { policy: 'require_client_grant' }, client: { policy: 'deny_all' } },
};

const findApi = (api: ManagementClient, audience: string) =>
  api.find(`resource-servers/${encodeURIComponent(audience)}`, thing);

async function makeApi(api: ManagementClient, { audience }: TenantSettings, note: Note): Promise<void> {
  if (await findApi(api, audience)) return;
  await api.send('POST', 'resource-servers', thing, { identifier: audience, ...wantedApi });
  note(`made the API ${audience}`);
}

async function setUpApi(api: ManagementClient, { audience }: TenantSettings, note: Note): Promise<void> {
  const found = await findApi(api, audience);
  if (found && differs(found, wantedApi)) {
    await api.send('PATCH', `resource-servers/${found.id}`, thing, wantedApi);
    note(`changed the API ${audience}`);
  }
}

async function setUpApplication(api: ManagementClient, { application: name }: TenantSettings, note: Note) {
  const wanted = {
    app_type: 'non_interactive',
    token_endpoint_auth_method: 'client_secret_post',
    // Else the tenant's attack protection would take all customers for one address, the Lambda's.
    is_token_endpoint_ip_header_trusted: true,
    is_first_party: true,
    oidc_conformant: true,
    grant_types: [passwordRealm, 'client_credentials'],
  };
  const found = await findApplication(api, name);
  if (!found) {
    note(`made the application ${name}`);
    return api.send('POST', 'clients', application, { name, ...wanted });
  }
  if (differs(found, wanted)) {
    await api.send('PATCH', `clients/${found.client_id}`, anything, wanted);
    note(`changed the application ${name}`);
  }
  return found;
}

async function findApplication(api: ManagementClient, name: string) {
  for (let page = 0; ; page += 1) {
    const query = `clients?page=${page}&per_page=${perPage}&is_global=false`;
    const clients = await api.send('GET', query, z.array(application));
    const found = clients.find((client) => client.name === name);
    if (found || clients.length < perPage) return found;
  }
}

async function grantManagement(api: ManagementClient, clientId: string, note: Note): Promise<void> {
  const grant = z.looseObject({ id: z.string(), scope: z.array(z.string()) });
  const query = new URLSearchParams({ client_id: clientId, audience: api.audience });
  const [found] = await api.send('GET', `client-grants?${query}`, z.array(grant));
  if (!found) {
    const wanted = { client_id: clientId, audience: api.audience, scope: managementScopes };
    await api.send('POST', 'client-grants', anything, wanted);
    note('granted the application its rights at the Management API');
  } else if (!isDeepStrictEqual([...found.scope].sort(), managementScopes)) {
    await api.send('PATCH', `client-grants/${found.id}`, anything, { scope: managementScopes });
    note('changed the application’s rights at the Management API');
  }
}

/** Lets our application, and none that is not granted it, get tokens for people who log in. */
async function grantLogins(
  api: ManagementClient,
  { audience }: TenantSettings,
  clientId: string,
  note: Note,
): Promise<void> {
  const grant = z.looseObject({ subject_type: z.string().optional() });
  const query = new URLSearchParams({ client_id: clientId, audience, subject_type: 'user' });
  const found = await api.send('GET', `client-grants?${query}`, z.array(grant));
  if (found.some((one) => one.subject_type === 'user')) return;
  const wanted = { client_id: clientId, audience, scope: [], subject_type: 'user' };
  await api.send('POST', 'client-grants', anything, wanted);
  note('granted the application tokens of people who log in');
}
