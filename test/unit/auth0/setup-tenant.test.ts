import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManagementClient } from '../../../auth0/management-client.ts';
import { setUpTenant } from '../../../auth0/tenant-setup.ts';
import { startManagementDouble } from '../../support/auth0-management-double.ts';

const root = join(import.meta.dirname, '..', '..', '..');
let double: Awaited<ReturnType<typeof startManagementDouble>>;
beforeEach(async () => {
  double = await startManagementDouble();
});
afterEach(() => double.stop());

const settings = {
  audience: 'https://api.example',
  connection: 'passwords',
  application: 'Backend',
  actionCode: 'exports.onExecutePostLogin = async () => {};',
};
const wait = async () => undefined;
const run = (changed: Partial<typeof settings> = {}, token = 'management-token') => {
  const client = createManagementClient({ tenant: double.tenant, token, wait });
  return setUpTenant(client, { ...settings, ...changed }, wait);
};

describe('setting a tenant up', () => {
  it('makes API, application, rights, connection and Action', async () => {
    const { clientId, clientSecret, changes } = await run();
    expect(changes).toHaveLength(9);
    expect(clientSecret).toBe('top-secret');
    const { apis, clients, grants, connections, enabled, actions, bindings } = double.state;
    expect(apis).toMatchObject([
      {
        identifier: 'https://api.example',
        signing_alg: 'RS256',
        subject_type_authorization: {
          user: { policy: 'require_client_grant' },
          client: { policy: 'deny_all' },
        },
      },
    ]);
    expect(clients.find((client) => client.client_id === clientId)).toMatchObject({
      name: 'Backend',
      token_endpoint_auth_method: 'client_secret_post',
      is_token_endpoint_ip_header_trusted: true,
      grant_types: ['http://auth0.com/oauth/grant-type/password-realm', 'client_credentials'],
    });
    expect(grants).toMatchObject([
      {
        client_id: clientId,
        audience: `${double.tenant}api/v2/`,
        scope: ['delete:users', 'update:users', 'update:users_app_metadata'],
      },
      { client_id: clientId, audience: 'https://api.example', subject_type: 'user' },
    ]);
    expect(connections).toMatchObject([
      {
        name: 'passwords',
        strategy: 'auth0',
        options: { passwordPolicy: 'good', brute_force_protection: true, requires_username: false },
      },
    ]);
    expect([...enabled.values()]).toEqual([[clientId]]);
    expect(actions).toMatchObject([
      {
        code: settings.actionCode,
        deployed_version: { code: settings.actionCode },
        supported_triggers: [{ id: 'post-login', version: 'v3' }],
      },
    ]);
    expect(bindings).toMatchObject([{ action: { id: actions[0]?.id } }]);
  });

  it('changes nothing when it is run again', async () => {
    const first = await run();
    double.calls.length = 0;
    expect(await run()).toEqual({ ...first, changes: [] });
    expect(double.writes()).toEqual([]);
  });

  it('repairs what was changed by hand, and keeps what is not its own', async () => {
    const { clientId } = await run();
    const { clients, grants, connections, bindings, enabled } = double.state;
    Object.assign(clients.find((client) => client.client_id === clientId) ?? {}, {
      is_token_endpoint_ip_header_trusted: false,
    });
    Object.assign(grants[0] ?? {}, { scope: ['read:users', 'update:users'] });
    Object.assign(connections[0]?.options ?? {}, {
      disable_signup: true,
      customScripts: { login: 'theirs' },
    });
    enabled.clear();
    double.state.bindings = [{ id: 'theirs', display_name: 'Theirs', action: { id: 'other' } }];
    expect(bindings).toHaveLength(1);
    const { changes } = await run();
    expect(changes).toEqual([
      'changed the application Backend',
      'changed the application’s rights at the Management API',
      'changed the connection passwords',
      'enabled the connection for the application',
      'bound the Action to the login',
    ]);
    expect(grants[0]?.scope).toEqual(['delete:users', 'update:users', 'update:users_app_metadata']);
    expect(connections[0]?.options).toMatchObject({
      disable_signup: false,
      customScripts: { login: 'theirs' },
    });
    expect(double.state.bindings.map(({ display_name }) => display_name)).toEqual([
      'Theirs',
      'Add role claim',
    ]);
  });

  it('closes an API that was open to every application, once ours is granted it', async () => {
    await run();
    const { apis, grants } = double.state;
    Object.assign(apis[0] ?? {}, { subject_type_authorization: { user: { policy: 'allow_all' } } });
    grants.splice(1);
    double.calls.length = 0;
    expect((await run()).changes).toEqual([
      'granted the application tokens of people who log in',
      'changed the API https://api.example',
    ]);
    expect(double.writes().map((call) => call.split('/api/v2/')[1])).toEqual([
      'client-grants',
      expect.stringMatching(/^resource-servers/),
    ]);
  });

  it('deploys a new version of the Action, and one whose deployment broke off', async () => {
    await run();
    const actionCode = `${settings.actionCode}//2`;
    expect((await run({ actionCode })).changes).toEqual(['changed the Action', 'deployed the Action']);
    Object.assign(double.state.actions[0] ?? {}, { deployed_version: { code: 'old' } });
    expect((await run({ actionCode })).changes).toEqual(['deployed the Action']);
  });

  it('finds its application behind a page of others', async () => {
    const others = Array.from({ length: 150 }, (_, n) => ({ client_id: `other-${n}`, name: `Other ${n}` }));
    double.state.clients.unshift(...others);
    const { clientId } = await run();
    expect((await run()).clientId).toBe(clientId);
  });

  it('waits for the rate limit and for an outage', async () => {
    double.refusals.push(429, 503);
    expect((await run()).changes).toHaveLength(9);
  });

  it('says which call the tenant refused, without the token', async () => {
    const failure = await run({}, 'a-wrong-token').catch((error: unknown) => error);
    expect(String(failure)).toContain('401 invalid_token');
    expect(String(failure)).not.toContain('a-wrong-token');
  });

  it('gives up on an Action that cannot be built', async () => {
    await run();
    Object.assign(double.state.actions[0] ?? {}, { status: 'failed', deployed_version: null });
    await expect(run()).rejects.toThrow('could not build');
  });
});

describe('node auth0/setup-tenant.ts', () => {
  const script = (args: string[], env: Record<string, string> = {}) =>
    promisify(execFile)(process.execPath, ['auth0/setup-tenant.ts', ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    });

  it('sets up the tenant with the Action of this repository, and writes the secret for its owner alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenant-'));
    try {
      const file = join(folder, 'secret.json');
      const args = ['--domain', double.tenant, '--secret-file', file];
      const { stdout } = await script(args, { AUTH0_MANAGEMENT_TOKEN: 'management-token' });
      expect(stdout).toContain('bound the Action');
      expect(stdout).not.toContain('top-secret');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ clientSecret: 'top-secret' });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const code = readFileSync(join(root, 'auth0/actions/add-role-claim.js'), 'utf8');
      expect(double.state.actions[0]?.code).toBe(code);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('explains itself without a domain or a token', async () => {
    const failure = await script([]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining('AUTH0_MANAGEMENT_TOKEN') });
  });
});
