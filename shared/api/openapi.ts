import * as z from 'zod';
import { type ProblemCode, problemContentType, problems } from './problem.ts';
import type { Route, RouteTable } from './route.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of a route table; schemas are zod's own JSON Schema output. */
export function buildOpenApi(table: RouteTable, serverUrl = '/'): Json {
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of Object.entries(table)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(operationId, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Storefront API',
      version: '1',
      description:
        'A shop’s whole user journey. Money is integer minor units of ISO 4217; errors are RFC 9457 problems.',
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: { auth0: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: problemSchema },
    },
  };
}

function operation(operationId: string, route: Route): Json {
  const isOpen = route.allow.includes('anyone');
  return {
    operationId,
    summary: route.summary,
    description: isOpen ? 'Open to all.' : `For: ${route.allow.join(', ')}.`,
    tags: [route.path.split('/')[1]],
    security: isOpen ? (route.optionalToken ? [{}, { auth0: [] }] : []) : [{ auth0: [] }],
    parameters: parameters(route),
    ...(route.body ? { requestBody: requestBody(route.body, route.maximumBodyBytes) } : {}),
    ...(route.signatureHeader ? { requestBody: signedBody } : {}),
    responses: {
      [route.success.status]: success(route),
      ...(route.etag ? { 304: { description: 'What If-None-Match names is still current' } } : {}),
      ...failures(route),
    },
  };
}

function parameters(route: Route): Json[] {
  return [
    ...fields(route.params).map((field) => ({ ...field, in: 'path', required: true })),
    ...fields(route.query).map((field) => ({ ...field, in: 'query' })),
    ...(route.signatureHeader ? [headerParameter(route.signatureHeader, 'Signs the body')] : []),
    ...(route.idempotencyKey ? [headerParameter('Idempotency-Key', 'New for each new order')] : []),
    ...(route.ifMatch
      ? [{ ...headerParameter('If-Match', 'The ETag that was read'), required: route.ifMatch === true }]
      : []),
    ...(route.etag ? [{ ...headerParameter('If-None-Match', 'ETags that are kept'), required: false }] : []),
  ];
}

function fields(schema: z.ZodObject | undefined): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    required: false,
    schema: jsonSchema(field as z.ZodType, 'input'),
  }));
}

function headerParameter(name: string, description: string): Json {
  return { name, in: 'header', required: true, description, schema: { type: 'string' } };
}

function requestBody(body: z.ZodType, maximumBytes: number | undefined): Json {
  return {
    ...(maximumBytes === undefined ? {} : { description: `At most ${maximumBytes} bytes` }),
    required: !body.safeParse({}).success,
    content: { 'application/json': { schema: jsonSchema(body, 'input') } },
  };
}

const signedBody: Json = {
  required: true,
  description: 'As the provider documents its events',
  content: { 'application/json': { schema: { type: 'object' } } },
};

function success({ success: { status, body, csv }, summary }: Route): Json {
  return {
    description: status === 204 ? 'Done; no content' : summary,
    ...(body
      ? {
          content: {
            'application/json': { schema: jsonSchema(body, 'output') },
            ...(csv ? { 'text/csv': { schema: { type: 'string' } } } : {}),
          },
        }
      : {}),
  };
}

/** Codes that a route can answer because of what it asks for, and its own. */
export function problemCodes(route: Route): ProblemCode[] {
  // The web ACL answers forbidden on any route, to what looks like an attack.
  const codes: ProblemCode[] = [
    'forbidden',
    'not_found',
    'rate_limited',
    'internal',
    'dependency_unavailable',
  ];
  if (!route.allow.includes('anyone')) {
    codes.push('unauthenticated', 'invalid_token', 'role_mismatch', 'account_disabled');
  }
  if (route.optionalToken) codes.push('invalid_token');
  if (route.query || route.body || route.params) codes.push('validation_failed');
  if (route.body) codes.push('malformed_json', 'payload_too_large', 'unsupported_media_type');
  if (route.signatureHeader) codes.push('validation_failed', 'payload_too_large');
  if (route.idempotencyKey) codes.push('idempotency_key_required');
  if (route.ifMatch) codes.push('version_conflict');
  if (route.ifMatch === true) codes.push('precondition_required');
  return [...new Set([...codes, ...(route.problems ?? [])])];
}

function failures(route: Route): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemCodes(route)) {
    const { status } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = { [problemContentType]: { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus].sort().map(([status, codes]) => [status, { description: codes.join(', '), content }]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return document;
}

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problems) },
    requestId: { type: 'string' },
    challengeId: { type: 'string', description: 'mfa_required: send it back with the code' },
    expiresAt: { type: 'string', format: 'date-time', description: 'mfa_required: end of the code' },
    channels: {
      type: 'array',
      description: 'mfa_required: where the code was sent',
      items: { type: 'string', enum: ['email', 'sms'] },
    },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: {
            type: 'string',
            description: 'A JSON pointer into the body, or /query/…, /path/…, /header/…',
          },
          message: { type: 'string' },
        },
      },
    },
  },
};
