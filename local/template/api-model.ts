import { z } from 'zod';
import { type GatewayResponseModel, readGatewayResponses } from './gateway-response-model.ts';
import type { Resolve } from './resolve.ts';
import { type LocatedResource, resourcesOfType, type Templates } from './template.ts';

export interface AuthorizerModel {
  readonly id: string;
  readonly functionArn: string;
  /** Header names of the identity source, lower case. */
  readonly identityHeaders: readonly string[];
  readonly cacheSeconds: number;
}

export interface MockResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly template: string;
}

export type IntegrationModel =
  | { readonly kind: 'lambda'; readonly functionArn: string; readonly timeoutMs: number }
  | { readonly kind: 'mock'; readonly responses: readonly MockResponse[] };

export interface MethodModel {
  readonly httpMethod: string;
  /** e.g. `/order/{orderId}` */
  readonly path: string;
  readonly resourceId: string;
  readonly authorizer?: AuthorizerModel;
  readonly integration: IntegrationModel;
}

export interface ThrottleModel {
  /** `*` stands for every method. */
  readonly httpMethod: string;
  /** `/*` stands for every resource. */
  readonly path: string;
  readonly rate: number;
  readonly burst: number;
}

export interface ApiModel {
  readonly apiId: string;
  readonly stage: string;
  readonly methods: readonly MethodModel[];
  readonly gatewayResponses: readonly GatewayResponseModel[];
  readonly throttles: readonly ThrottleModel[];
}

const methodProperties = z.looseObject({
  HttpMethod: z.string(),
  AuthorizerId: z.string().optional(),
  ResourceId: z.string(),
  Integration: z.looseObject({
    Type: z.enum(['AWS_PROXY', 'MOCK']),
    Uri: z.string().optional(),
    TimeoutInMillis: z.coerce.number().default(29_000),
    IntegrationResponses: z
      .array(
        z.looseObject({
          StatusCode: z.coerce.number(),
          ResponseParameters: z.record(z.string(), z.string()).default({}),
          ResponseTemplates: z.record(z.string(), z.string()).default({}),
        }),
      )
      .default([]),
  }),
});

const authorizerProperties = z.looseObject({
  Type: z.literal('REQUEST'),
  AuthorizerUri: z.string(),
  AuthorizerResultTtlInSeconds: z.coerce.number().default(300),
  IdentitySource: z.string().default(''),
});

const stageProperties = z.looseObject({
  StageName: z.string(),
  MethodSettings: z
    .array(
      z.looseObject({
        HttpMethod: z.string().default('*'),
        ResourcePath: z.string().default('/*'),
        ThrottlingRateLimit: z.coerce.number().optional(),
        ThrottlingBurstLimit: z.coerce.number().optional(),
      }),
    )
    .default([]),
});

const functionArnOf = (uri: string): string => /functions\/(arn:[^/]+)\/invocations/.exec(uri)?.[1] ?? '';

/** Reads the one REST API of the templates: methods with their integrations, gateway responses and throttles. */
export function readApi(templates: Templates, resolve: Resolve): ApiModel {
  const find = (type: string): LocatedResource[] => resourcesOfType(templates, type);
  const [restApi] = find('AWS::ApiGateway::RestApi');
  if (!restApi) throw new Error('The templates have no AWS::ApiGateway::RestApi.');

  const resources = new Map(
    find('AWS::ApiGateway::Resource').map((resource) => [resource.logicalId, resource]),
  );
  const pathOf = (resourceId: string): string => {
    const resource = resources.get(resourceId);
    if (!resource) return '';
    const parent = String(resolve(resource.stack, resource.properties.ParentId));
    return `${pathOf(parent)}/${String(resource.properties.PathPart)}`;
  };

  const authorizers = new Map(
    find('AWS::ApiGateway::Authorizer').map((resource) => {
      const given = authorizerProperties.parse(resolve(resource.stack, resource.properties));
      const model: AuthorizerModel = {
        id: resource.logicalId,
        functionArn: functionArnOf(given.AuthorizerUri),
        identityHeaders: [...given.IdentitySource.matchAll(/method\.request\.header\.([\w-]+)/g)].map(
          (match) => (match[1] ?? '').toLowerCase(),
        ),
        cacheSeconds: given.AuthorizerResultTtlInSeconds,
      };
      return [resource.logicalId, model];
    }),
  );

  const readMethod = (resource: LocatedResource): MethodModel => {
    const given = methodProperties.parse(resolve(resource.stack, resource.properties));
    const authorizer = given.AuthorizerId === undefined ? undefined : authorizers.get(given.AuthorizerId);
    const integration: IntegrationModel =
      given.Integration.Type === 'AWS_PROXY'
        ? {
            kind: 'lambda',
            functionArn: functionArnOf(given.Integration.Uri ?? ''),
            timeoutMs: given.Integration.TimeoutInMillis,
          }
        : {
            kind: 'mock',
            responses: given.Integration.IntegrationResponses.map((response) => ({
              statusCode: response.StatusCode,
              headers: methodResponseHeaders(response.ResponseParameters),
              template: Object.values(response.ResponseTemplates)[0] ?? '',
            })),
          };
    return {
      httpMethod: given.HttpMethod,
      path: pathOf(given.ResourceId) || '/',
      resourceId: given.ResourceId,
      ...(authorizer ? { authorizer } : {}),
      integration,
    };
  };

  const stages = find('AWS::ApiGateway::Stage').map((resource) =>
    stageProperties.parse(resolve(resource.stack, resource.properties)),
  );

  return {
    apiId: restApi.logicalId,
    stage: stages[0]?.StageName ?? 'local',
    methods: find('AWS::ApiGateway::Method').map(readMethod),
    gatewayResponses: readGatewayResponses(templates, resolve),
    throttles: stages.flatMap(({ MethodSettings }) =>
      MethodSettings.filter(({ ThrottlingRateLimit }) => ThrottlingRateLimit !== undefined).map(
        (setting) => ({
          httpMethod: setting.HttpMethod,
          path: settingPath(setting.ResourcePath),
          rate: setting.ThrottlingRateLimit ?? 0,
          burst: setting.ThrottlingBurstLimit ?? setting.ThrottlingRateLimit ?? 0,
        }),
      ),
    ),
  };
}

/** `/~1user~1{userId}` is how CloudFormation writes `/user/{userId}` in method settings. */
function settingPath(resourcePath: string): string {
  return resourcePath === '/*' ? '/*' : resourcePath.replace(/^\//, '').replaceAll('~1', '/') || '/';
}

function methodResponseHeaders(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([target, source]) => {
      const name = /^method\.response\.header\.(.+)$/.exec(target)?.[1];
      return name === undefined ? [] : [[name, source]];
    }),
  );
}
