import * as z from 'zod';
import { DependencyUnavailableError } from '../../errors.ts';
import type { Credentials, SignUpResult } from '../../identity/identity-provider.ts';
import type { Auth0Http } from './http.ts';
import { type Auth0Refusal, readSuccess, refusalOf, unexpectedRefusal } from './refusal.ts';

const createdSchema = z.object({ _id: z.string().min(1) });

/** `invalid_signup` is how tenants with enumeration protection say that the address is in use. */
const existsCodes = ['user_exists', 'username_exists', 'invalid_signup'];
const weakCodes = [
  'invalid_password',
  'password_strength_error',
  'password_dictionary_error',
  'password_no_user_info_error',
  'password_leaked',
];
const weakNames = ['PasswordStrengthError', 'PasswordDictionaryError', 'PasswordNoUserInfoError'];

/**
 * POST /dbconnections/signup. The username stays with us: tenants limit its length and alphabet
 * differently, and nobody logs in by it.
 */
export async function signUp(
  http: Auth0Http,
  { email, password }: Credentials,
  settings: { clientId: string; connection: string },
): Promise<SignUpResult> {
  const { clientId, connection } = settings;
  const response = await http({
    method: 'POST',
    path: 'dbconnections/signup',
    body: { client_id: clientId, connection, email, password },
  });
  if (response.status < 300) {
    const { _id } = readSuccess(createdSchema, 'a signup', response);
    return { kind: 'created', userId: _id.replace(/^auth0\|/, '') };
  }
  if (response.status === 429) {
    throw new DependencyUnavailableError('Auth0', unexpectedRefusal('a signup', response));
  }
  const refusal = refusalOf(response);
  if (isWeakPassword(refusal)) return { kind: 'weak_password' };
  if (existsCodes.includes(refusal.code ?? '')) return { kind: 'exists' };
  throw unexpectedRefusal('a signup', response);
}

function isWeakPassword({ code = '', name = '' }: Auth0Refusal): boolean {
  return weakCodes.includes(code) || weakNames.includes(name);
}
