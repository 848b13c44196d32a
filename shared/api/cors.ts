import { nonEmptyIfSet, readEnvironment } from '../config/environment.ts';
import type { HttpMethod } from './route.ts';

/** Headers of ours that a page may read; browsers hide others than the simplest (Fetch standard, CORS). */
const exposedHeaders = ['ETag', 'Idempotency-Replayed', 'Location', 'Retry-After', 'X-Request-Id'];

/** Headers that a page may send beside the simplest. */
const acceptedHeaders = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'X-Api-Key',
  // A solved CAPTCHA's, where AWS WAF asks for one: a page on another domain cannot send the cookie.
  'X-Aws-Waf-Token',
];

/** How long a browser need not ask again, in seconds. */
const preflightSeconds = 600;

/** Origins whose pages may call this Lambda: the variable has them separated by commas, and is unset without any. */
export function readAllowedOrigins(): readonly string[] {
  return readEnvironment({ CORS_ALLOWED_ORIGINS: nonEmptyIfSet }).CORS_ALLOWED_ORIGINS?.split(',') ?? [];
}

/** The environment that `readAllowedOrigins` reads. */
export function corsEnvironment(allowed: readonly string[]): Record<string, string> {
  return allowed.length > 0 ? { CORS_ALLOWED_ORIGINS: allowed.join(',') } : {};
}

/**
 * The headers of an answer to a page of `origin`: its own, and what lets the page read it. Cookies are not used, so
 * `Access-Control-Allow-Credentials` is never sent. Nothing is added when no origin is allowed.
 */
export function withCors(
  headers: Readonly<Record<string, string>>,
  origin: string | undefined,
  allowed: readonly string[],
): Readonly<Record<string, string>> {
  if (allowed.length === 0) return headers;
  return {
    ...headers,
    // Also without an Origin: a shared cache must not hand an answer made for one origin to another.
    Vary: headers.Vary === undefined ? 'Origin' : `${headers.Vary}, Origin`,
    ...(origin !== undefined && allowed.includes(origin)
      ? {
          'Access-Control-Allow-Origin': origin,
          'Access-Control-Expose-Headers': exposedHeaders.join(', '),
        }
      : {}),
  };
}

/**
 * The same for answers that the gateway or the web ACL makes by itself, which cannot look at the request. They tell
 * nobody more than an error code, so with several origins any page may read them.
 */
export function constantCorsHeaders(allowed: readonly string[]): Record<string, string> {
  const [only, ...others] = allowed;
  if (only === undefined) return {};
  return {
    'Access-Control-Allow-Origin': others.length === 0 ? only : '*',
    'Access-Control-Expose-Headers': exposedHeaders.join(', '),
  };
}

/** What the answer to a preflight says of a path, beside the origin. */
export function preflightHeaders(methods: readonly HttpMethod[]): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': [...methods].sort().join(', '),
    'Access-Control-Allow-Headers': acceptedHeaders.join(', '),
    'Access-Control-Max-Age': String(preflightSeconds),
    Vary: 'Origin',
  };
}
