import { z } from 'zod';
import type { MockResponse } from '../template/api-model.ts';
import type { GatewayResponseModel } from '../template/gateway-response-model.ts';
import { renderParameter, renderTemplate, type TemplateContext } from './templates.ts';

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

/** Status that API Gateway gives each of its own responses unless the template says otherwise. */
const defaultStatus: Readonly<Record<string, number>> = {
  ACCESS_DENIED: 403,
  AUTHORIZER_CONFIGURATION_ERROR: 500,
  AUTHORIZER_FAILURE: 500,
  BAD_REQUEST_PARAMETERS: 400,
  INTEGRATION_FAILURE: 504,
  INTEGRATION_TIMEOUT: 504,
  MISSING_AUTHENTICATION_TOKEN: 403,
  REQUEST_TOO_LARGE: 413,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  DEFAULT_5XX: 500,
};

/** The gateway's own answer of a type, from the template; a type without one falls back to DEFAULT_4XX or _5XX. */
export function gatewayAnswer(
  responses: readonly GatewayResponseModel[],
  type: string,
  context: TemplateContext,
): HttpAnswer {
  const standard = defaultStatus[type] ?? 400;
  const fallback = standard >= 500 ? 'DEFAULT_5XX' : 'DEFAULT_4XX';
  const model =
    responses.find((response) => response.type === type) ??
    responses.find((response) => response.type === fallback);
  const template = model?.templates['application/json'] ?? '{"message":"$context.error.message"}';
  const rendered = renderTemplate(template, { 'error.message': type, ...context });
  return {
    // AWS: the status of a fallback replaces that of every response type that has none of its own.
    statusCode: model?.statusCode ?? standard,
    headers: {
      'Content-Type': 'application/json',
      ...Object.fromEntries(
        Object.entries(model?.headers ?? {}).map(([name, value]) => [name, renderParameter(value, context)]),
      ),
      ...rendered.headers,
    },
    body: rendered.body,
  };
}

export function mockAnswer(
  response: MockResponse,
  context: TemplateContext,
  requestHeaders: Readonly<Record<string, string>>,
): HttpAnswer {
  const rendered = renderTemplate(response.template, context, requestHeaders);
  const constants = Object.entries(response.headers).map(([name, value]) => [
    name,
    renderParameter(value, context),
  ]);
  return {
    statusCode: response.statusCode,
    headers: { 'Content-Type': 'application/json', ...Object.fromEntries(constants), ...rendered.headers },
    body: rendered.body,
  };
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const proxyAnswerSchema = z.strictObject({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), scalar).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(scalar)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** A Lambda's proxy answer as HTTP; nothing when it is malformed, which API Gateway answers as a 5xx. */
export function lambdaAnswer(payload: unknown): HttpAnswer | undefined {
  const parsed = proxyAnswerSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed.data;
  const all: Record<string, string | readonly string[]> = { ...headers, ...multiValueHeaders };
  const typed = Object.keys(all).some((name) => name.toLowerCase() === 'content-type');
  return {
    statusCode,
    headers: typed ? all : { 'Content-Type': 'application/json', ...all },
    body: isBase64Encoded ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}
