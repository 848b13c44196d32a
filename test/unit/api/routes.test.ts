import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { gatewayEventSchema } from '../../../shared/api/gateway-event.ts';
import { buildOpenApi, problemCodes } from '../../../shared/api/openapi.ts';
import { parseRequest } from '../../../shared/api/parse-request.ts';
import { type ProblemCode, problems } from '../../../shared/api/problem.ts';
import type { Route } from '../../../shared/api/route.ts';
import { routes } from '../../../shared/api/routes.ts';
import { countrySchema } from '../../../shared/identity/user.ts';
import { currencySchema } from '../../../shared/money/currency.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';

const rows: [string, Route][] = Object.entries(routes);
const pathParameters = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

/** A value for every path parameter, so that only what a test is about can be wrong. */
const goodParams = (route: Route) =>
  Object.fromEntries(pathParameters(route.path).map((name) => [name ?? '', 'some-id']));

function refusalOf(route: Route, parts: Parameters<typeof gatewayEvent>[0]) {
  try {
    parseRequest(
      route,
      gatewayEventSchema.parse(
        gatewayEvent({
          params: goodParams(route),
          ...parts,
          headers: { 'Idempotency-Key': 'k', 'If-Match': '"1"', ...parts?.headers },
        }),
      ),
    );
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Where the contract lets clients send fields of their own. */
const freeForm: Record<string, string[]> = {
  recordUiEvents: ['/properties/events/items/properties/properties'],
  setRates: ['/properties/rates'],
};

describe('the route table', () => {
  test('has routes of every Lambda behind the API', () => {
    expect(new Set(rows.map(([, route]) => route.domain))).toEqual(
      new Set(['user', 'product', 'order', 'payment-webhook']),
    );
    expect(rows.length).toBeGreaterThanOrEqual(21);
  });

  test('has each method of each path once', () => {
    const names = rows.map(([, route]) => `${route.method} ${route.path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  describe.each(rows)('%s', (name, route) => {
    test('is below /user, /product or /order and grants somebody something', () => {
      expect(['user', 'product', 'order']).toContain(route.path.split('/')[1]);
      expect(route.allow.length).toBeGreaterThan(0);
      expect(route.throttle.rate).toBeGreaterThan(0);
      expect(route.throttle.burst).toBeGreaterThanOrEqual(route.throttle.rate);
    });

    test('has a schema for exactly the parameters of its path', () => {
      expect(Object.keys(route.params?.shape ?? {}).sort()).toEqual(pathParameters(route.path).sort());
    });

    test('answers a body unless it has nothing to say', () => {
      if (route.success.status === 204) expect(route.success.body).toBeUndefined();
      if (route.method === 'GET')
        expect(route.success).toMatchObject({ status: 200, body: expect.anything() });
    });

    test('reads a token by one way only', () => {
      if (route.allow.includes('anyone')) expect(route.allow).toEqual(['anyone']);
      if (route.optionalToken) expect(route.allow).toContain('anyone');
    });

    test('refuses a query parameter that it does not know', () => {
      const query = { nobodyKnowsThis: ['1'] };
      expect(refusalOf(route, { query, body: {} })).toMatchObject({
        code: 'validation_failed',
        options: {
          errors: expect.arrayContaining([
            expect.objectContaining({ path: '/query/nobodyKnowsThis', message: expect.any(String) }),
          ]),
        },
      });
    });

    test.runIf(route.body)('refuses a body field that it does not know, at every depth', () => {
      for (const key of ['nobodyKnowsThis', '__proto__', 'constructor']) {
        const text = `{"${key}": {"x": 1}}`;
        expect(refusalOf(route, { method: route.method, text })).toMatchObject({
          code: 'validation_failed',
          options: {
            errors: expect.arrayContaining([{ path: `/${key}`, message: 'is not a known field' }]),
          },
        });
      }
      const free = freeForm[name] ?? [];
      expect(looseObjects(route.body)).toEqual(free);
    });
  });

  test('has a schema or a signature of the body wherever something is written, but for deletions', () => {
    const without = rows.filter(
      ([, { method, body, signatureHeader }]) =>
        ['POST', 'PUT', 'PATCH'].includes(method) && !body && !signatureHeader,
    );
    expect(without.map(([name]) => name)).toEqual([]);
  });

  test('counts the four routes that are worth guessing at by address', () => {
    const counted = rows.filter(([, route]) => route.throttle.perAddressPerMinute === 100);
    expect(counted.map(([, { path }]) => path).sort()).toEqual([
      '/user/exists',
      '/user/login',
      '/user/password-reset',
      '/user/register',
    ]);
  });
});

/** Paths of objects in a body's JSON Schema that would let unknown fields through. */
function looseObjects(schema: z.ZodType | undefined): string[] {
  const found: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, additionalProperties } = node as Record<string, unknown>;
    if (type === 'object' && additionalProperties !== false) found.push(path);
    for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`);
  };
  if (schema) walk(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '');
  return found;
}

interface OpenApi {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, Record<string, unknown>>; securitySchemes: Record<string, unknown> };
}
interface OpenApiOperation {
  operationId: string;
  security: Record<string, unknown>[];
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: {
    required: boolean;
    description?: string;
    content: Record<string, { schema: Record<string, unknown> }>;
  };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

describe('the OpenAPI document', () => {
  const document = JSON.parse(JSON.stringify(buildOpenApi(routes, 'https://api.example'))) as OpenApi;
  const operationOf = ({ path, method }: Route) => document.paths[path]?.[method.toLowerCase()];

  test('is of version 3.1 and survives being JSON', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    expect(document).toMatchObject({ servers: [{ url: 'https://api.example' }] });
  });

  test('has each route once, under a name of its own, and nothing else', () => {
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
      rows.map(([name]) => name).sort(),
    );
  });

  test('refers only to what it has', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    const targets = new Set([...references].map(([, target]) => target));
    expect([...targets]).toEqual(['#/components/schemas/Problem']);
  });

  test('knows every problem code', () => {
    const { properties } = document.components.schemas.Problem as {
      properties: { code: { enum: string[] } };
    };
    expect(properties.code.enum).toEqual(Object.keys(problems));
  });

  describe.each(rows)('%s', (_name, route) => {
    test('has its parameters, its body and its success', () => {
      const operation = operationOf(route);
      const inPath = operation?.parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath?.map(({ name }) => name).sort()).toEqual(pathParameters(route.path).sort());
      expect(inPath?.every(({ required }) => required)).toBe(true);
      const names = operation?.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(names).size).toBe(names?.length);
      expect(names?.includes('header Idempotency-Key')).toBe(route.idempotencyKey === true);
      expect(names?.includes('header If-Match')).toBe(route.ifMatch !== undefined);
      expect(names?.includes('header Stripe-Signature')).toBe(route.signatureHeader !== undefined);
      const takesBody = route.body !== undefined || route.signatureHeader !== undefined;
      expect(operation?.requestBody !== undefined).toBe(takesBody);
      const [, bytes] = /^At most (\d+) bytes$/.exec(operation?.requestBody?.description ?? '') ?? [];
      expect(bytes && Number(bytes)).toBe(route.maximumBodyBytes);
      expect(operation?.responses[route.success.status]?.content !== undefined).toBe(
        route.success.body !== undefined,
      );
    });

    test('lists each code that it can answer under its status', () => {
      const codes = problemCodes(route);
      expect(codes).toEqual(expect.arrayContaining([...(route.problems ?? [])]));
      for (const code of codes) {
        const response = operationOf(route)?.responses[problems[code].status];
        expect(response?.description.split(', ')).toContain(code);
        expect(response?.content).toHaveProperty(['application/problem+json']);
      }
    });

    test('asks for a token just where the route does', () => {
      const expected = route.allow.includes('anyone')
        ? route.optionalToken
          ? [{}, { auth0: [] }]
          : []
        : [{ auth0: [] }];
      expect(operationOf(route)?.security).toEqual(expected);
    });

    test('shows no default as required and no dialect inside', () => {
      expect(JSON.stringify(operationOf(route))).not.toContain('$schema');
    });
  });
});

describe('a problem code', () => {
  const statuses: Record<number, ProblemCode[]> = {
    400: ['malformed_json', 'validation_failed', 'idempotency_key_required'],
    401: ['unauthenticated', 'invalid_token', 'invalid_credentials'],
    403: ['forbidden', 'role_mismatch', 'mfa_required', 'captcha_required', 'account_disabled'],
    404: ['not_found'],
    405: ['method_not_allowed'],
    409: [
      'email_taken',
      'username_taken',
      'invalid_state',
      'request_in_progress',
      'last_admin',
      'insufficient_stock',
    ],
    412: ['version_conflict'],
    413: ['payload_too_large'],
    415: ['unsupported_media_type'],
    422: [
      'idempotency_key_reused',
      'promo_invalid',
      'product_unknown',
      'out_of_stock',
      'currency_unsupported',
      'weak_password',
      'mfa_failed',
      'address_unknown',
      'payment_method_required',
    ],
    423: ['account_locked'],
    428: ['precondition_required'],
    429: ['rate_limited'],
    500: ['internal'],
    503: ['dependency_unavailable'],
  };

  test('has the status of the contract, and the contract names them all', () => {
    const expected = Object.entries(statuses).flatMap(([status, codes]) =>
      codes.map((code) => [code, Number(status)]),
    );
    const actual = Object.entries(problems).map(([code, { status }]) => [code, status]);
    expect(actual.sort()).toEqual(expected.sort());
  });
});

describe('a code of a list', () => {
  test.each([
    ['usd', currencySchema, /ISO 4217 code in capitals/],
    ['US', currencySchema, /ISO 4217 code in capitals/],
    ['XQQ', currencySchema, /not an ISO 4217 currency/],
    ['us', countrySchema, /alpha-2 code in capitals/],
    ['USA', countrySchema, /alpha-2 code in capitals/],
    ['ZZ', countrySchema, /not an ISO 3166-1 country/],
  ])('that is wrong (%s) has one error', (code, schema, message) => {
    const issues = schema.safeParse(code).error?.issues ?? [];
    expect(issues.map((issue) => issue.message)).toEqual([expect.stringMatching(message)]);
  });

  test('that is right has none', () => {
    expect(currencySchema.parse('JPY')).toBe('JPY');
    expect(countrySchema.parse('DE')).toBe('DE');
  });
});
