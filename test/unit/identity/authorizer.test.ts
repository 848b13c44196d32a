import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { handler } from '../../../lambdas/authorizer/handler.ts';
import { logger } from '../../../shared/observability/logger.ts';
import { startAuth0Double, testAudience, testSigner } from '../../support/auth0-double.ts';

const methodArn = 'arn:aws:execute-api:us-east-1:123456789012:abc/dev/PUT/user/me/details';
let tenant: Awaited<ReturnType<typeof startAuth0Double>>;
let signer: Awaited<ReturnType<typeof testSigner>>;

beforeAll(async () => {
  [tenant, signer] = await Promise.all([startAuth0Double(), testSigner()]);
  process.env.AUTH0_ISSUER = tenant.issuer;
  process.env.AUTH0_AUDIENCE = testAudience;
});
afterAll(() => tenant.stop());

const call = (authorization?: string) =>
  handler({
    type: 'REQUEST',
    methodArn,
    headers: authorization === undefined ? null : { Authorization: authorization },
  });
const effectOf = async (answer: ReturnType<typeof handler>) =>
  (await answer).policyDocument.Statement[0]?.Effect;

describe('the authorizer', () => {
  it("throws in an outage of the tenant, so that nobody's cached answer is a refusal", async () => {
    tenant.answer({ status: 503 });
    await expect(call(`Bearer ${await signer.sign()}`)).rejects.toThrow('Auth0');
  });

  it('tells what the outage is, and of which request, where Lambda would leave the cause out', async () => {
    const error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    tenant.answer({ status: 503 });
    const headers = { Authorization: `Bearer ${await signer.sign()}` };
    const event = { methodArn, headers, requestContext: { requestId: 'request-1' } };
    await expect(handler(event, { awsRequestId: 'lambda-1' })).rejects.toThrow('Auth0 is not available');
    expect(error.mock.calls).toEqual([
      [
        'token not checked',
        {
          requestId: 'request-1',
          lambdaRequestId: 'lambda-1',
          error: expect.objectContaining({
            name: 'DependencyUnavailableError',
            cause: expect.objectContaining({ message: expect.stringContaining('200 OK') }),
          }),
        },
      ],
    ]);
    error.mockRestore();
  });

  it('lets a good token through to every route of the stage, and says whose it is', async () => {
    tenant.answer({ status: 200, body: { keys: [signer.jwk] } });
    const exp = Math.floor(Date.now() / 1000) + 600;
    expect(await call(`Bearer ${await signer.sign({ iss: tenant.issuer, exp })}`)).toEqual({
      principalId: 'user-1',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: 'arn:aws:execute-api:us-east-1:123456789012:abc/dev/*',
          },
        ],
      },
      context: { userId: 'user-1', role: 'Customer', tokenExpiresAt: String(exp) },
    });
  });

  it.each(['Bearer nonsense', 'Bearer a.b.c', ''])('denies "%s"', async (authorization) => {
    expect(await effectOf(call(authorization))).toBe('Deny');
  });

  it('denies a request without the header', async () => {
    expect(await effectOf(call())).toBe('Deny');
  });

  it('denies an expired token', async () => {
    const token = await signer.sign({ iss: tenant.issuer, exp: Math.floor(Date.now() / 1000) - 60 });
    expect(await effectOf(call(`Bearer ${token}`))).toBe('Deny');
  });
});
