import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createManagementClient } from './management-client.ts';
import { setUpTenant } from './tenant-setup.ts';

const usage = `node auth0/setup-tenant.ts --domain TENANT.eu.auth0.com [--audience URL] [--connection NAME]
  [--application NAME] [--secret-file FILE]
The environment variable AUTH0_MANAGEMENT_TOKEN carries a token of the Management API; docs/auth0.md says which.
--secret-file writes the application's id and secret as the JSON that the stage's secret takes, readable by you alone.`;

const { values } = parseArgs({
  options: {
    domain: { type: 'string' },
    audience: { type: 'string', default: 'https://api.storefront.dev' },
    connection: { type: 'string', default: 'Username-Password-Authentication' },
    application: { type: 'string', default: 'Storefront backend' },
    'secret-file': { type: 'string' },
  },
});
const token = process.env.AUTH0_MANAGEMENT_TOKEN;

if (!values.domain || !token) {
  console.error(usage);
  process.exitCode = 2;
} else {
  // A whole URL is for tests against a local double; a tenant is reached over HTTPS alone.
  const tenant = /^http:\/\/127\.0\.0\.1:\d+\/$/.test(values.domain)
    ? values.domain
    : `https://${values.domain}/`;
  const { audience, connection, application } = values;
  const actionCode = readFileSync(join(import.meta.dirname, 'actions', 'add-role-claim.js'), 'utf8');
  const settings = { audience, connection, application, actionCode };
  const { clientId, clientSecret, changes } = await setUpTenant(
    createManagementClient({ tenant, token }),
    settings,
    sleep,
  );
  for (const change of changes) console.log(change);
  if (changes.length === 0) console.log('nothing to change');
  console.log(`client id: ${clientId}`);
  const file = values['secret-file'];
  if (file !== undefined) {
    if (clientSecret === undefined)
      throw new Error('The token may not read the secret: it needs read:client_keys');
    writeFileSync(file, JSON.stringify({ clientId, clientSecret }), { mode: 0o600 });
    console.log(`wrote ${file}`);
  }
}
