import { isValid } from 'ulid';
import type { AuditTrail } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { TokenVerifier } from '../identity/access-token.ts';
import { networkOf, regionOf } from '../identity/network-address.ts';
import type { UserDirectory } from '../identity/user-directory.ts';
import { lambdaRequestIdOf } from '../observability/invocation.ts';
import { logger } from '../observability/logger.ts';
import { traced } from '../observability/tracer.ts';
import { preferredType } from './accept.ts';
import { auditRefusal } from './audit-refusal.ts';
import { authorize } from './authorize.ts';
import { readAllowedOrigins, withCors } from './cors.ts';
import {
  type AuthorizerContext,
  authorizerContextSchema,
  type GatewayEvent,
  type GatewayResponse,
  gatewayEventSchema,
  header,
} from './gateway-event.ts';
import { parseRequest, refuseLargeBody } from './parse-request.ts';
import { Problem } from './problem.ts';
import { limitRate, type RateLimiter } from './rate-limit.ts';
import { failureResponse, successResponse } from './response.ts';
import type { ApiRequest, ApiResult, ClientInfo, Operations, Route, RouteTable } from './route.ts';

/** What every API Lambda needs around its use cases. */
export interface ApiPorts {
  readonly users: UserDirectory;
  readonly audit: AuditTrail;
  readonly limiter: RateLimiter;
  readonly effects: Effects;
  /** For routes that take a token but do not ask for one; the others are checked by the authorizer Lambda. */
  readonly verifyToken?: TokenVerifier;
}

/** A Lambda's route table with the use cases behind it, made once per container. */
export interface Api<T extends RouteTable> {
  readonly operations: Operations<T>;
  readonly ports: ApiPorts;
}

/**
 * The handler of an API Lambda: looks the route up by `event.resource`, authorizes, parses, runs the use
 * case and builds the answer through the route's schema. Nothing that a use case throws leaves unmapped.
 * @param build makes use cases and ports at the first call; when it throws, the next call tries again
 */
export function createApiHandler<T extends RouteTable>(
  table: T,
  build: () => Api<T>,
): (event: unknown, context?: unknown) => Promise<GatewayResponse> {
  const names = new Map(
    Object.entries(table).map(([name, route]) => [`${route.method} ${route.path}`, name]),
  );
  let api: Api<T> | undefined;
  let origins: readonly string[] | undefined;
  return async (rawEvent, context) => {
    const event = gatewayEventSchema.parse(rawEvent);
    origins ??= readAllowedOrigins();
    const answer = await answerTo(event, lambdaRequestIdOf(context));
    return { ...answer, headers: withCors(answer.headers, header(event, 'origin'), origins) };
  };

  async function answerTo(
    event: GatewayEvent,
    lambdaRequestId: string | undefined,
  ): Promise<GatewayResponse> {
    const requestId = event.requestContext.requestId;
    const name = names.get(`${event.httpMethod} ${event.resource}`) ?? '';
    const route = table[name];
    const about = { requestId, operation: name, orderId: orderIdIn(event) };
    logger.appendKeys({ ...about, lambdaRequestId });
    try {
      if (!route) {
        throw new Problem('not_found', 'There is no such route.');
      }
      api ??= build();
      const { operations, ports } = api;
      // The row's own types tie its parser to its use case; they are lost once rows are looked up by name.
      const operation = operations[name] as unknown as (request: ApiRequest) => Promise<ApiResult>;
      const answer = await traced(name, () => run(route, operation, event, ports));
      // With its own ids: in the local runtime another request may have set the logger's keys meanwhile.
      if (route.method !== 'GET' && !route.successLine) {
        logger.info('request done', { ...about, status: answer.statusCode });
      }
      return answer;
    } catch (error) {
      return failureResponse(error, requestId);
    } finally {
      logger.resetKeys();
    }
  }
}

async function run(
  route: Route,
  operation: (request: ApiRequest) => Promise<ApiResult>,
  event: GatewayEvent,
  ports: ApiPorts,
): Promise<GatewayResponse> {
  const { requestContext } = event;
  const client = clientInfo(event);
  refuseLargeBody(route, event);
  const { perAddressPerMinute } = route.throttle;
  if (perAddressPerMinute !== undefined) {
    // Whoever has an IPv6 address has a /64 of them.
    const key = `${route.method} ${route.path}#${networkOf(client.ip)}`;
    await limitRate(ports.limiter, key, perAddressPerMinute, ports.effects.clock.now());
  }
  const token = await readToken(route, event, ports);
  try {
    return await serve(route, operation, event, ports, token);
  } catch (error) {
    if (error instanceof Problem && token) {
      await auditRefusal(error, route, token, client, requestContext.requestId, ports);
    }
    throw error;
  }
}

async function serve(
  route: Route,
  operation: (request: ApiRequest) => Promise<ApiResult>,
  event: GatewayEvent,
  ports: ApiPorts,
  token: AuthorizerContext | undefined,
): Promise<GatewayResponse> {
  const { requestId } = event.requestContext;
  const pathParameters = resolveMe(event, token);
  const now = ports.effects.clock.now();
  const principal = token
    ? await authorize(route, token, pathParameters.userId, ports.users, now)
    : undefined;
  const request = {
    ...parseRequest(route, { ...event, pathParameters }),
    principal,
    client: clientInfo(event),
    accept: preferredType(header(event, 'accept'), [
      'application/json',
      ...(route.success.csv ? ['text/csv'] : []),
    ]),
    requestId,
  };
  // parseRequest has just produced these fields by this very route's schemas.
  const result = await operation(request as ApiRequest);
  return successResponse(route, result, requestId, header(event, 'if-none-match'));
}

function clientInfo(event: GatewayEvent): ClientInfo {
  const { identity } = event.requestContext;
  return {
    ip: identity.sourceIp,
    // CloudFront writes this header in front of an edge-optimized API and drops a client's own.
    region: regionOf(identity.sourceIp, header(event, 'cloudfront-viewer-country')),
    userAgent: (identity.userAgent ?? 'unknown').slice(0, 256),
  };
}

async function readToken(
  route: Route,
  event: GatewayEvent,
  { verifyToken }: ApiPorts,
): Promise<AuthorizerContext | undefined> {
  if (!route.allow.includes('anyone')) {
    const context = authorizerContextSchema.safeParse(event.requestContext.authorizer);
    if (!context.success) {
      throw new Problem('unauthenticated', 'Send an access token: Authorization: Bearer …');
    }
    return context.data;
  }
  const authorization = route.optionalToken ? header(event, 'authorization') : undefined;
  if (authorization === undefined || !verifyToken) {
    return undefined;
  }
  const token = await verifyToken(authorization);
  if (!token) {
    throw new Problem('invalid_token', 'The token is not valid.');
  }
  return token;
}

/** For the log, so only what is an id: a path may hold anything. */
function orderIdIn({ pathParameters }: GatewayEvent): string | undefined {
  const orderId = pathParameters?.orderId;
  return orderId !== undefined && isValid(orderId) ? orderId : undefined;
}

/** `me` stands for the caller wherever `{userId}` appears. */
function resolveMe(event: GatewayEvent, token: AuthorizerContext | undefined): Record<string, string> {
  const entries = Object.entries(event.pathParameters ?? {}).map(([name, value = '']) => {
    const isMe = name === 'userId' && value === 'me' && token !== undefined;
    return [name, isMe ? token.userId : value];
  });
  return Object.fromEntries(entries);
}
