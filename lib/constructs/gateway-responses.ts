import { type GatewayResponseOptions, ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { type ProblemCode, problemContentType, problemDocument, problems } from '../../shared/api/problem.ts';

interface GatewayFault {
  readonly type: ResponseType;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

const internal = { code: 'internal', detail: 'Something went wrong on our side.' } as const;
const tooMany = {
  code: 'rate_limited',
  detail: 'Too many requests. Slow down.',
  retryAfterSeconds: 1,
} as const;
const malformed = { code: 'validation_failed', detail: 'The request does not fit this resource.' } as const;

/** What API Gateway answers by itself, before or instead of a Lambda, in the contract's terms. */
const gatewayFaults: readonly GatewayFault[] = [
  {
    type: ResponseType.UNAUTHORIZED,
    code: 'unauthenticated',
    detail: 'Send an access token: Authorization: Bearer …',
  },
  { type: ResponseType.ACCESS_DENIED, code: 'invalid_token', detail: 'The token is not valid.' },
  { type: ResponseType.MISSING_AUTHENTICATION_TOKEN, code: 'not_found', detail: 'There is no such route.' },
  { type: ResponseType.RESOURCE_NOT_FOUND, code: 'not_found', detail: 'There is no such route.' },
  { type: ResponseType.INVALID_SIGNATURE, code: 'not_found', detail: 'There is no such route.' },
  { type: ResponseType.THROTTLED, ...tooMany },
  {
    // It begins anew with the day; a template cannot tell how long that is.
    type: ResponseType.QUOTA_EXCEEDED,
    code: 'rate_limited',
    detail: 'Your application has used up its requests of this day.',
    retryAfterSeconds: 3600,
  },
  {
    type: ResponseType.WAF_FILTERED,
    code: 'forbidden',
    detail: 'The request was refused by the firewall. If it is an honest one, tell us its id.',
  },
  {
    type: ResponseType.INVALID_API_KEY,
    code: 'forbidden',
    detail: 'Send the key of your application: x-api-key.',
  },
  { type: ResponseType.REQUEST_TOO_LARGE, code: 'payload_too_large', detail: 'The body is too large.' },
  {
    type: ResponseType.UNSUPPORTED_MEDIA_TYPE,
    code: 'unsupported_media_type',
    detail: 'Send the body as application/json.',
  },
  { type: ResponseType.BAD_REQUEST_BODY, ...malformed },
  { type: ResponseType.BAD_REQUEST_PARAMETERS, ...malformed },
  { type: ResponseType.DEFAULT_4XX, ...malformed },
  {
    // The authorizer fails only when the tenant's keys cannot be had; a bad token it denies.
    type: ResponseType.AUTHORIZER_FAILURE,
    code: 'dependency_unavailable',
    detail: 'Tokens cannot be checked at the moment. Try again.',
    retryAfterSeconds: 5,
  },
  { type: ResponseType.AUTHORIZER_CONFIGURATION_ERROR, ...internal },
  { type: ResponseType.INTEGRATION_FAILURE, ...internal },
  { type: ResponseType.DEFAULT_5XX, ...internal },
  {
    type: ResponseType.INTEGRATION_TIMEOUT,
    code: 'dependency_unavailable',
    detail: 'The answer took too long. Try again.',
    retryAfterSeconds: 5,
  },
];

/** A problem document as a template: API Gateway puts the request's id where the variable stands. */
export function problemTemplate(code: ProblemCode, detail: string): string {
  return JSON.stringify(problemDocument(code, detail, '$context.requestId'));
}

/** Makes the gateway's own errors look like every other error of this API; `headers` are added to each. */
export function addGatewayResponses(api: RestApi, headers: Readonly<Record<string, string>>): void {
  for (const fault of gatewayFaults) {
    api.addGatewayResponse(`Answer${pascalCase(fault.type.responseType)}`, gatewayResponse(fault, headers));
  }
}

function gatewayResponse(
  { type, code, detail, retryAfterSeconds }: GatewayFault,
  headers: Readonly<Record<string, string>>,
): GatewayResponseOptions {
  return {
    type,
    statusCode: String(problems[code].status),
    responseHeaders: {
      'Content-Type': `'${problemContentType}'`,
      'X-Request-Id': 'context.requestId',
      ...(retryAfterSeconds ? { 'Retry-After': `'${retryAfterSeconds}'` } : {}),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `'${value}'`])),
    },
    templates: { 'application/json': problemTemplate(code, detail) },
  };
}

/** `BAD_REQUEST_BODY` → `BadRequestBody`, for construct ids. */
function pascalCase(constant: string): string {
  return constant
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
