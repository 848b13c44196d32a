import type { IncomingMessage } from 'node:http';
import type { InvocationResult } from '../lambda/protocol.ts';
import type { ApiModel, IntegrationModel } from '../template/api-model.ts';
import { gatewayAnswer, type HttpAnswer, lambdaAnswer, mockAnswer } from './answer.ts';
import { createAuthorizer } from './authorizer.ts';
import { createMatcher, type Match } from './match.ts';
import { proxyEvent } from './proxy-event.ts';
import { BodyTooLargeError, type GatewayRequest, largestBodyBytes, readBody, readHead } from './request.ts';
import { createThrottle } from './throttle.ts';

export type Invoke = (functionArn: string, event: unknown) => Promise<InvocationResult>;

/** An answer with the request's id, which every response carries. */
export interface GatewayAnswer extends HttpAnswer {
  readonly requestId: string;
}

/** Answers HTTP requests as API Gateway's REST APIs do: match, throttle, authorize, integrate. */
export function createGateway(
  api: ApiModel,
  invoke: Invoke,
  now: () => number = Date.now,
): (incoming: IncomingMessage) => Promise<GatewayAnswer> {
  const match = createMatcher(api.methods);
  const throttle = createThrottle(api.throttles, now);
  const authorize = createAuthorizer(invoke, api, now);

  return async (incoming) => {
    const head = readHead(incoming);
    const context = { requestId: head.requestId };
    const refuse = (type: string): GatewayAnswer => ({
      ...gatewayAnswer(api.gatewayResponses, type, context),
      requestId: head.requestId,
    });
    const declared = Number(incoming.headers['content-length'] ?? 0);

    let found: Match | undefined;
    try {
      found = match(head.httpMethod, head.path);
    } catch {
      return refuse('BAD_REQUEST_PARAMETERS');
    }
    if (!found) return refuse('MISSING_AUTHENTICATION_TOKEN');
    if (!throttle(found.method)) return refuse('THROTTLED');
    if (declared > largestBodyBytes) return refuse('REQUEST_TOO_LARGE');

    let request: GatewayRequest;
    try {
      request = { ...head, body: await readBody(incoming) };
    } catch (error) {
      if (error instanceof BodyTooLargeError) return refuse('REQUEST_TOO_LARGE');
      throw error;
    }

    const { authorizer, integration } = found.method;
    const authorization = authorizer && (await authorize(authorizer, request, found));
    if (authorization && !authorization.allowed) return refuse(authorization.response);

    if (integration.kind === 'mock') {
      const [response] = integration.responses;
      return response
        ? { ...mockAnswer(response, context, request.headers), requestId: head.requestId }
        : refuse('DEFAULT_5XX');
    }
    const event = proxyEvent(request, found, api, authorization?.context);
    const result = await withinTimeout(invoke(integration.functionArn, event), integration);
    if (result === 'timeout') return refuse('INTEGRATION_TIMEOUT');
    const answer = result.ok ? lambdaAnswer(result.payload) : undefined;
    return answer ? { ...answer, requestId: head.requestId } : refuse('DEFAULT_5XX');
  };
}

async function withinTimeout(
  call: Promise<InvocationResult>,
  { timeoutMs }: Extract<IntegrationModel, { kind: 'lambda' }>,
): Promise<InvocationResult | 'timeout'> {
  const { promise, resolve } = Promise.withResolvers<'timeout'>();
  const timer = setTimeout(() => resolve('timeout'), timeoutMs);
  try {
    return await Promise.race([call, promise]);
  } finally {
    clearTimeout(timer);
  }
}
