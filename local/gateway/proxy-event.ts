import { localAccountId } from '../template/names.ts';
import type { Match } from './match.ts';
import { type GatewayRequest, lastValues, multiValued } from './request.ts';

export interface StageInfo {
  readonly apiId: string;
  readonly stage: string;
}

/** What a REQUEST authorizer and a proxy integration both get. */
function commonEvent(request: GatewayRequest, { method, pathParameters }: Match, stage: StageInfo) {
  const multiValueQuery = multiValued(request.query);
  const hasQuery = Object.keys(multiValueQuery).length > 0;
  return {
    resource: method.path,
    path: request.path,
    httpMethod: request.httpMethod,
    headers: request.headers,
    multiValueHeaders: request.multiValueHeaders,
    queryStringParameters: hasQuery ? lastValues(multiValueQuery) : null,
    multiValueQueryStringParameters: hasQuery ? multiValueQuery : null,
    pathParameters: Object.keys(pathParameters).length > 0 ? pathParameters : null,
    stageVariables: null,
    requestContext: {
      accountId: localAccountId,
      apiId: stage.apiId,
      stage: stage.stage,
      resourceId: method.resourceId,
      resourcePath: method.path,
      httpMethod: request.httpMethod,
      path: `/${stage.stage}${request.path}`,
      protocol: 'HTTP/1.1',
      requestId: request.requestId,
      extendedRequestId: request.requestId,
      requestTime: request.receivedAt.toUTCString(),
      requestTimeEpoch: request.receivedAt.getTime(),
      domainName: request.headers.Host ?? request.headers.host ?? 'localhost',
      identity: { sourceIp: request.sourceIp, userAgent: request.userAgent },
    },
  };
}

export function methodArn(request: GatewayRequest, stage: StageInfo): string {
  return `arn:aws:execute-api:us-east-1:${localAccountId}:${stage.apiId}/${stage.stage}/${request.httpMethod}${request.path}`;
}

export function authorizerEvent(request: GatewayRequest, match: Match, stage: StageInfo): object {
  return { type: 'REQUEST', methodArn: methodArn(request, stage), ...commonEvent(request, match, stage) };
}

export function proxyEvent(
  request: GatewayRequest,
  match: Match,
  stage: StageInfo,
  authorizer: Readonly<Record<string, unknown>> | undefined,
): object {
  const event = commonEvent(request, match, stage);
  return {
    ...event,
    requestContext: authorizer ? { ...event.requestContext, authorizer } : event.requestContext,
    body: request.body,
    isBase64Encoded: false,
  };
}
