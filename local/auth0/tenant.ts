import type { IncomingMessage, ServerResponse } from 'node:http';
import { changePassword, issueToken, signUp } from './authentication-api.ts';
import { manageUser } from './management-api.ts';
import type { SigningKey } from './signing-key.ts';
import { answer, type TenantAnswer } from './tenant-answer.ts';
import type { TenantUsers } from './tenant-users.ts';

export const tenantPath = '/_auth0/';

export interface TenantContext {
  /** Base URL of the tenant with a trailing slash, and the `iss` of its tokens. */
  readonly issuer: string;
  readonly audience: string;
  readonly managementAudience: string;
  readonly connection: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** An application that is not this service's: people log in to it too. */
  readonly otherClient?: { readonly clientId: string; readonly clientSecret: string };
  readonly users: TenantUsers;
  readonly key: SigningKey;
  readonly onPasswordReset: (email: string) => void;
}

/** Serves the endpoints of an Auth0 tenant that this service and its clients call, below `/_auth0/`. */
export function createTenant(
  context: TenantContext,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const path = (request.url ?? '').split('?')[0]?.slice(tenantPath.length) ?? '';
    const { status, body } = await route(context, request, path);
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/html; charset=utf-8' : 'application/json' });
    response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
  };
}

async function route(context: TenantContext, request: IncomingMessage, path: string): Promise<TenantAnswer> {
  if (request.method === 'GET' && path === '.well-known/jwks.json')
    return answer(200, context.key.publicJwks);
  if (request.method === 'GET' && path === '.well-known/openid-configuration')
    return answer(200, discovery(context));
  const body = await readFields(request);
  if (request.method === 'POST' && path === 'dbconnections/signup') return signUp(context, body);
  if (request.method === 'POST' && path === 'oauth/token') return issueToken(context, body);
  if (request.method === 'POST' && path === 'dbconnections/change_password')
    return changePassword(context, body);
  const userId = /^api\/v2\/users\/([^/]+)$/.exec(path)?.[1];
  if (userId !== undefined) {
    const { method = 'GET', headers } = request;
    return manageUser(context, {
      method,
      userId: decodeURIComponent(userId),
      authorization: headers.authorization,
      body,
    });
  }
  return answer(404, { statusCode: 404, error: 'Not Found', message: `The local tenant has no ${path}` });
}

function discovery({ issuer }: TenantContext): object {
  return {
    issuer,
    token_endpoint: `${issuer}oauth/token`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

/** JSON or a form, as OAuth endpoints take both; anything else has no fields. */
async function readFields(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
