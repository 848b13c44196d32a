import type * as z from 'zod';
import { bodyText, type GatewayEvent, header } from './gateway-event.ts';
import { type FieldError, Problem } from './problem.ts';
import type { Route, SignedBody } from './route.ts';

/** Bodies over this many bytes are refused unread (spec: bad input); some routes take less. */
export const maximumBodyBytes = 256 * 1024;
const maximumIdempotencyKeyLength = 255;

export interface ParsedRequest {
  params: unknown;
  query: unknown;
  body: unknown;
  signed: SignedBody | undefined;
  idempotencyKey: string | undefined;
  ifMatch: string | undefined;
}

/**
 * Reads path, query, headers and body by the route's schemas.
 * @throws Problem with the code of the first kind of fault; all wrong fields of that kind are listed
 */
export function parseRequest(route: Route, event: GatewayEvent): ParsedRequest {
  return {
    params: parsePart(route.params, event.pathParameters ?? {}, '/path'),
    query: parsePart(route.query, singleValues(event), '/query'),
    ifMatch: route.ifMatch ? ifMatch(event, route.ifMatch) : undefined,
    signed: route.signatureHeader ? signedBody(event, route.signatureHeader) : undefined,
    idempotencyKey: route.idempotencyKey ? idempotencyKey(event) : undefined,
    body: route.body ? parseBody(route.body, event) : undefined,
  };
}

export function refuseLargeBody(route: Pick<Route, 'maximumBodyBytes'>, event: GatewayEvent): void {
  const limit = route.maximumBodyBytes ?? maximumBodyBytes;
  if (Buffer.byteLength(bodyText(event)) > limit) {
    throw new Problem('payload_too_large', `The body may have ${limit} bytes at most.`);
  }
}

function parsePart(schema: z.ZodType | undefined, value: object, base: string): unknown {
  if (schema) {
    return parse(schema, value, base);
  }
  const names = base === '/query' ? Object.keys(value) : [];
  if (names.length > 0) {
    throw invalid(names.map((name) => ({ path: `${base}/${name}`, message: 'is not a known parameter' })));
  }
  return {};
}

function parse(schema: z.ZodType, value: unknown, base: string): unknown {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw invalid(fieldErrors(result.error.issues, base));
  }
  return result.data;
}

function invalid(errors: FieldError[]): Problem {
  return new Problem('validation_failed', 'Some fields are not as they must be; see errors.', { errors });
}

function fieldErrors(issues: readonly z.core.$ZodIssue[], base: string): FieldError[] {
  return issues.flatMap((issue) => {
    const at = pointer(base, issue.path);
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pointer(at, [key]), message: 'is not a known field' }))
      : [{ path: at, message: issue.message }];
  });
}

/** JSON pointer (RFC 6901). */
function pointer(base: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => `${text}/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    base,
  );
}

function singleValues(event: GatewayEvent): Record<string, string> {
  const values: [string, string][] = [];
  for (const [name, all = []] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    const [only, ...more] = all;
    if (only === undefined) continue;
    if (more.length > 0) {
      throw invalid([{ path: `/query/${name}`, message: 'may be given once' }]);
    }
    values.push([name, only]);
  }
  return Object.fromEntries(values);
}

function ifMatch(event: GatewayEvent, kind: NonNullable<Route['ifMatch']>): string | undefined {
  const value = header(event, 'if-match')?.trim();
  if (!value) {
    if (kind === 'optional') return undefined;
    throw new Problem('precondition_required', 'Send the ETag that you read as If-Match.');
  }
  return value;
}

function signedBody(event: GatewayEvent, name: string): SignedBody {
  const signature = header(event, name.toLowerCase());
  if (!signature) {
    throw invalid([{ path: `/header/${name.toLowerCase()}`, message: 'is required' }]);
  }
  return { rawBody: bodyText(event), signature };
}

function idempotencyKey(event: GatewayEvent): string {
  const value = header(event, 'idempotency-key')?.trim();
  if (!value) {
    throw new Problem('idempotency_key_required', 'Send an Idempotency-Key, new for each new order.');
  }
  if (value.length > maximumIdempotencyKeyLength) {
    const message = `may have ${maximumIdempotencyKeyLength} characters at most`;
    throw invalid([{ path: '/header/idempotency-key', message }]);
  }
  return value;
}

function parseBody(schema: z.ZodType, event: GatewayEvent): unknown {
  const text = bodyText(event);
  if (text === '') {
    return parseEmptyBody(schema);
  }
  const contentType = header(event, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') {
    throw new Problem('unsupported_media_type', 'Send the body as application/json.', {
      headers: { 'Accept-Post': 'application/json' },
    });
  }
  return parse(schema, parseJson(text), '');
}

/** Routes whose every field is optional may be called without a body. */
function parseEmptyBody(schema: z.ZodType): unknown {
  const result = schema.safeParse({});
  if (!result.success) {
    throw new Problem('malformed_json', 'A JSON body is required.');
  }
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('malformed_json', 'The body is not valid JSON.', { cause });
  }
}
