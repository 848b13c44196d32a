import { describe, expect, it } from 'vitest';
import { problems } from '../../shared/api/problem.ts';
import { resources, templatesOf } from './templates.ts';

const { backend } = templatesOf('dev');

describe("the gateway's own answers", () => {
  const answers = new Map(
    resources(backend, 'AWS::ApiGateway::GatewayResponse').map(({ properties }) => [
      properties.ResponseType,
      properties,
    ]),
  );

  it.each([
    ['UNAUTHORIZED', 401, 'unauthenticated'],
    ['ACCESS_DENIED', 401, 'invalid_token'],
    ['WAF_FILTERED', 403, 'forbidden'],
    ['INVALID_API_KEY', 403, 'forbidden'],
    ['MISSING_AUTHENTICATION_TOKEN', 404, 'not_found'],
    ['THROTTLED', 429, 'rate_limited'],
    ['QUOTA_EXCEEDED', 429, 'rate_limited'],
    ['REQUEST_TOO_LARGE', 413, 'payload_too_large'],
    ['UNSUPPORTED_MEDIA_TYPE', 415, 'unsupported_media_type'],
    ['BAD_REQUEST_BODY', 400, 'validation_failed'],
    ['BAD_REQUEST_PARAMETERS', 400, 'validation_failed'],
    ['DEFAULT_4XX', 400, 'validation_failed'],
    ['AUTHORIZER_FAILURE', 503, 'dependency_unavailable'],
    ['AUTHORIZER_CONFIGURATION_ERROR', 500, 'internal'],
    ['INTEGRATION_FAILURE', 500, 'internal'],
    ['DEFAULT_5XX', 500, 'internal'],
    ['INTEGRATION_TIMEOUT', 503, 'dependency_unavailable'],
  ] as const)('speak of %s as %i %s', (type, status, code) => {
    const answer = answers.get(type);
    expect(answer.StatusCode).toBe(String(status));
    expect(problems[code].status).toBe(status);
    expect(answer.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      'gatewayresponse.header.X-Request-Id': 'context.requestId',
    });
    expect(JSON.parse(answer.ResponseTemplates['application/json'])).toEqual({
      type: `https://docs.storefront.dev/problems/${code}`,
      title: problems[code].title,
      status,
      detail: expect.any(String),
      code,
      requestId: '$context.requestId',
    });
  });

  it.each(['THROTTLED', 'QUOTA_EXCEEDED', 'INTEGRATION_TIMEOUT'])(
    'tell when to try again after %s',
    (type) => {
      expect(answers.get(type).ResponseParameters['gatewayresponse.header.Retry-After']).toMatch(/^'\d+'$/);
    },
  );

  it('do not send an application back within its day’s quota every second', () => {
    const retryAfter = (type: string) =>
      answers.get(type).ResponseParameters['gatewayresponse.header.Retry-After'];
    expect(retryAfter('THROTTLED')).toBe("'1'");
    expect(retryAfter('QUOTA_EXCEEDED')).toBe("'3600'");
  });
});
