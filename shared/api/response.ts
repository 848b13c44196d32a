import { DependencyUnavailableError, TransientError } from '../errors.ts';
import { logger } from '../observability/logger.ts';
import { matchesNone } from './etag.ts';
import type { GatewayResponse } from './gateway-event.ts';
import { Problem, problemContentType, problemDocument, problems } from './problem.ts';
import type { ApiResult, Route } from './route.ts';

const unavailableRetryAfterSeconds = 2;

/** Builds the answer through the route's schema, so that a field the contract does not name cannot leave. */
export function successResponse(
  route: Route,
  result: ApiResult,
  requestId: string,
  ifNoneMatch?: string,
): GatewayResponse {
  const schema = route.success.body;
  if (route.method === 'GET' && matchesNone(ifNoneMatch, result.headers?.ETag)) {
    return { statusCode: 304, headers: { ...baseHeaders(requestId), ...result.headers }, body: '' };
  }
  if (route.success.csv && result.csv !== undefined) {
    return {
      statusCode: route.success.status,
      headers: {
        ...baseHeaders(requestId),
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        ...result.headers,
      },
      body: result.csv,
    };
  }
  return {
    statusCode: route.success.status,
    headers: {
      ...baseHeaders(requestId),
      ...(schema ? { 'Content-Type': 'application/json; charset=utf-8' } : {}),
      ...result.headers,
    },
    body: schema ? JSON.stringify(schema.parse(result.body)) : '',
  };
}

/** The one mapper from errors to HTTP. What it does not know becomes an opaque 500. */
export function failureResponse(error: unknown, requestId: string): GatewayResponse {
  const problem = toProblem(error);
  const { retryAfterSeconds, headers } = problem.options;
  const { status } = problems[problem.code];
  if (status >= 500) {
    logger.error('request failed', { code: problem.code, error: asError(error) });
  } else {
    logger.info('request refused', { code: problem.code });
  }
  return {
    statusCode: status,
    headers: {
      ...baseHeaders(requestId),
      'Content-Type': problemContentType,
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
      ...headers,
    },
    body: JSON.stringify(problemDocument(problem.code, problem.message, requestId, problem.options)),
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (error instanceof DependencyUnavailableError || error instanceof TransientError) {
    return new Problem('dependency_unavailable', 'A service that this needs does not answer; try again.', {
      retryAfterSeconds: unavailableRetryAfterSeconds,
      cause: error,
    });
  }
  return new Problem('internal', 'Something went wrong; quote the requestId when you ask about it.', {
    cause: error,
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function baseHeaders(requestId: string): Record<string, string> {
  return {
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
}
