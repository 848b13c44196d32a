import { createServer } from 'node:http';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { roleClaim } from '../../shared/identity/access-token.ts';

export interface ForcedAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Leaves the request hanging, as an outage does. */
  readonly silent?: boolean;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
}

/** An HTTP server that answers what it is told to: one answer a request, the last one for all that follow. */
export async function startAuth0Double() {
  const seen: SeenRequest[] = [];
  let answers: ForcedAnswer[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url: path = '', headers } = request;
    seen.push({ method, path, headers, body: text === '' ? {} : JSON.parse(text) });
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500 };
    if (answer.silent) return;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    issuer: `http://127.0.0.1:${address.port}/`,
    seen,
    answer(...next: ForcedAnswer[]) {
      answers = next;
      seen.length = 0;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const testIssuer = 'https://tenant.example/';
export const testAudience = 'https://api.example';

/** A signing key of a tenant, and the tokens it signs. */
export async function testSigner(kid = 'key-1') {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  const sign = (
    claims: Record<string, unknown> = {},
    { header = {}, now = new Date() }: { header?: Partial<JWTHeaderParameters>; now?: Date } = {},
  ) => {
    const seconds = Math.floor(now.getTime() / 1000);
    return new SignJWT({
      iss: testIssuer,
      aud: testAudience,
      sub: 'auth0|user-1',
      iat: seconds,
      exp: seconds + 3600,
      [roleClaim]: 'Customer',
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header })
      .sign(privateKey);
  };
  return { jwk, publicKey, sign, keys: createLocalJWKSet({ keys: [jwk] }) };
}
