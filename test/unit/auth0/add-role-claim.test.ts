import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { roleClaim } from '../../../shared/identity/access-token.ts';
import { storedRoleSchema } from '../../../shared/identity/roles.ts';

const file = join(import.meta.dirname, '..', '..', '..', 'auth0', 'actions', 'add-role-claim.js');

/** Runs the Action as Auth0 does: a CommonJS module with nothing of ours around it. */
async function claimsOf(user: Record<string, unknown>): Promise<Record<string, unknown>> {
  type Handler = (event: unknown, api: unknown) => Promise<void>;
  const exports: { onExecutePostLogin?: Handler } = {};
  runInNewContext(readFileSync(file, 'utf8'), { exports });
  const claims: Record<string, unknown> = {};
  const setCustomClaim = (name: string, value: unknown) => {
    claims[name] = value;
  };
  await exports.onExecutePostLogin?.({ user }, { accessToken: { setCustomClaim } });
  return claims;
}

describe('the post-login Action', () => {
  it.each(storedRoleSchema.options)(
    'puts the role %s into the access token, under the claim that the API reads',
    async (role) => {
      expect(await claimsOf({ app_metadata: { role } })).toEqual({ [roleClaim]: role });
    },
  );

  it.each([
    ['has no metadata', {}],
    ['has no role', { app_metadata: {} }],
    ['has a role that does not exist', { app_metadata: { role: 'Owner' } }],
    ['has a role that is no text', { app_metadata: { role: ['Admin'] } }],
    ['says so themselves', { user_metadata: { role: 'Admin' } }],
  ])('calls somebody a Customer who %s', async (_, user) => {
    expect(await claimsOf(user)).toEqual({ [roleClaim]: 'Customer' });
  });
});
