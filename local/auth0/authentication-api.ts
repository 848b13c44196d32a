import { z } from 'zod';
import type { TenantContext } from './tenant.ts';
import { answer, oauthError, type TenantAnswer } from './tenant-answer.ts';
import type { TenantUser } from './tenant-users.ts';

const passwordRealm = 'http://auth0.com/oauth/grant-type/password-realm';
const accessTokenSeconds = 86_400;
/** The claim that a post-login Action adds in a real tenant, see docs/auth0.md. */
const roleClaim = 'https://storefront.dev/role';

const signupSchema = z.object({
  client_id: z.string(),
  connection: z.string(),
  email: z.email(),
  password: z.string(),
  username: z.string().optional(),
});

/** POST /dbconnections/signup */
export async function signUp(context: TenantContext, body: unknown): Promise<TenantAnswer> {
  const parsed = signupSchema.safeParse(body);
  if (!parsed.success)
    return answer(400, {
      name: 'BadRequestError',
      code: 'bad_request',
      description: 'Payload validation error',
      statusCode: 400,
    });
  const { client_id, connection, email, password } = parsed.data;
  if (client_id !== context.clientId || connection !== context.connection)
    return answer(400, {
      name: 'BadRequestError',
      code: 'bad_request',
      description: 'connection not found',
      statusCode: 400,
    });
  if (!isStrong(password)) return answer(400, passwordStrengthError);
  const user = await context.users.create(email, password);
  if (!user)
    return answer(400, {
      name: 'BadRequestError',
      code: 'invalid_signup',
      description: 'Invalid sign up',
      statusCode: 400,
    });
  return answer(200, { _id: user.id, email: user.email, email_verified: false });
}

const tokenSchema = z.object({
  grant_type: z.string(),
  client_id: z.string().default(''),
  client_secret: z.string().default(''),
  audience: z.string().optional(),
  realm: z.string().optional(),
  username: z.string().default(''),
  password: z.string().default(''),
  scope: z.string().default('openid'),
});
type TokenRequest = z.output<typeof tokenSchema>;

/** POST /oauth/token: the password-realm grant for people, client credentials for the Management API. */
export async function issueToken(context: TenantContext, body: unknown): Promise<TenantAnswer> {
  const parsed = tokenSchema.safeParse(body);
  if (!parsed.success) return oauthError(400, 'invalid_request', 'Missing required parameter: grant_type');
  const request = parsed.data;
  const clients = [context, ...(context.otherClient ? [context.otherClient] : [])];
  const client = clients.find(({ clientId }) => clientId === request.client_id);
  if (client?.clientSecret !== request.client_secret) return oauthError(401, 'access_denied', 'Unauthorized');
  if (request.grant_type === passwordRealm) return passwordGrant(context, request);
  if (request.grant_type === 'client_credentials' && client === context) return clientGrant(context, request);
  return oauthError(
    403,
    'unauthorized_client',
    `Grant type '${request.grant_type}' not allowed for the client.`,
  );
}

async function passwordGrant(context: TenantContext, request: TokenRequest): Promise<TenantAnswer> {
  if (request.realm !== context.connection)
    return oauthError(403, 'invalid_grant', 'Unknown or invalid realm.');
  const user = context.users.findByEmail(request.username);
  if (!user || !(await context.users.hasPassword(user, request.password)))
    return oauthError(403, 'invalid_grant', 'Wrong email or password.');
  if (user.blocked) return oauthError(403, 'unauthorized', 'user is blocked');
  const audience = request.audience ?? context.audience;
  const token = await context.key.sign(
    accessClaims(context, user, audience, request.client_id),
    accessTokenSeconds,
  );
  return answer(200, {
    access_token: token,
    scope: request.scope,
    expires_in: accessTokenSeconds,
    token_type: 'Bearer',
  });
}

function accessClaims(
  context: TenantContext,
  user: TenantUser,
  audience: string,
  clientId: string,
): Record<string, unknown> {
  return {
    [roleClaim]: user.appMetadata.role ?? 'Customer',
    iss: context.issuer,
    sub: `auth0|${user.id}`,
    aud: audience,
    azp: clientId,
    gty: 'password',
  };
}

async function clientGrant(context: TenantContext, { audience }: TokenRequest): Promise<TenantAnswer> {
  if (audience !== context.managementAudience)
    return oauthError(403, 'access_denied', `Service not enabled within domain: ${audience ?? ''}`);
  const scope = 'read:users update:users delete:users create:users update:users_app_metadata';
  const claims = {
    iss: context.issuer,
    sub: `${context.clientId}@clients`,
    aud: audience,
    azp: context.clientId,
    gty: 'client-credentials',
    scope,
  };
  const token = await context.key.sign(claims, accessTokenSeconds);
  return answer(200, { access_token: token, scope, expires_in: accessTokenSeconds, token_type: 'Bearer' });
}

const changePasswordSchema = z.object({ email: z.string(), connection: z.string() });

/** POST /dbconnections/change_password: the same text whether the address is known or not. */
export function changePassword(context: TenantContext, body: unknown): TenantAnswer {
  const parsed = changePasswordSchema.safeParse(body);
  if (!parsed.success || parsed.data.connection !== context.connection)
    return answer(400, { error: 'connection parameter is mandatory' });
  if (context.users.findByEmail(parsed.data.email)) context.onPasswordReset(parsed.data.email);
  return answer(200, "We've just sent you an email to reset your password.");
}

/** Auth0's policy "Good": eight characters, of three kinds. */
function isStrong(password: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password));
  return password.length >= 8 && kinds.length >= 3;
}

const passwordStrengthError = {
  name: 'PasswordStrengthError',
  message: 'Password is too weak',
  code: 'invalid_password',
  description: { rules: [], verified: false },
  policy:
    '* At least 8 characters in length\n* Contain at least 3 of the following 4 types of characters:\n' +
    ' * lower case letters (a-z)\n * upper case letters (A-Z)\n * numbers (i.e. 0-9)\n * special characters (e.g. !@#$%^&*)',
  statusCode: 400,
};
