import { describe, expect, it } from 'vitest';
import { synthesizeStage } from '../../lib/synthesize.ts';
import type { Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import {
  list,
  liveAlias,
  type Resource,
  resource,
  resources,
  stageNames,
  templatesOf,
  text,
} from './templates.ts';

const table: readonly Route[] = Object.values(routes);
const paths = [...new Set(table.map(({ path }) => path))];
const { backend } = templatesOf('dev');
const gatewayMethods = new Map(resources(backend, 'AWS::ApiGateway::Method').map((m) => [methodKey(m), m]));
const authorizer = resource(backend, 'AWS::ApiGateway::Authorizer');

function methodKey({ properties }: Resource): string {
  return `${properties.HttpMethod} ${resourcePath(properties.ResourceId)}`;
}

function resourcePath(reference: unknown): string {
  const found = backend.Resources[text(reference).slice(1, -1)];
  if (found?.Type !== 'AWS::ApiGateway::Resource') return '';
  return `${resourcePath(found.Properties.ParentId)}/${found.Properties.PathPart}`;
}

function method(key: string): Resource {
  const found = gatewayMethods.get(key);
  if (!found) throw new Error(`The gateway has no ${key}`);
  return found;
}

describe('the gateway', () => {
  it('has the methods of the route table and a refusal on each path, and nothing else', () => {
    const expected = [
      ...table.map(({ method, path }) => `${method} ${path}`),
      ...paths.map((path) => `ANY ${path}`),
      'ANY ',
      'ANY /{proxy+}',
    ];
    expect([...gatewayMethods.keys()].sort()).toEqual(expected.sort());
    expect(table.length).toBeGreaterThan(20);
  });

  it.each(table.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'hands %s to the Lambda of its domain',
    (key, route) => {
      const { Integration } = method(key).properties;
      const alias = liveAlias(backend, route.domain);
      expect(Integration).toMatchObject({ Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST' });
      expect(text(Integration.Uri)).toContain(`functions/${alias}/invocations`);
    },
  );

  it.each(table.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'asks for a token on %s unless it is open to all',
    (key, route) => {
      const { AuthorizationType, AuthorizerId } = method(key).properties;
      if (route.allow.includes('anyone')) {
        expect(AuthorizationType).toBe('NONE');
      } else {
        expect(AuthorizationType).toBe('CUSTOM');
        expect(text(AuthorizerId)).toBe(`<${authorizer.id}>`);
      }
    },
  );

  it('asks the authorizer Lambda about the Authorization header and keeps its answer for 300 seconds', () => {
    expect(authorizer.properties).toMatchObject({
      Type: 'REQUEST',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 300,
    });
    expect(text(authorizer.properties.AuthorizerUri)).toContain(liveAlias(backend, 'authorizer'));
  });

  it('is reached through CloudFront, which tells the country of the client', () => {
    const api = resource(backend, 'AWS::ApiGateway::RestApi');
    expect(api.properties.EndpointConfiguration.Types).toEqual(['EDGE']);
  });

  it('may call each Lambda by one permission, on this stage of this API only', () => {
    const permissions = resources(backend, 'AWS::Lambda::Permission').map(({ properties }) => ({
      lambda: text(properties.FunctionName),
      source: text(properties.SourceArn),
      principal: properties.Principal,
    }));
    const called = permissions.filter(({ principal }) => principal === 'apigateway.amazonaws.com');
    expect(called).toHaveLength(5);
    const stage = resource(backend, 'AWS::ApiGateway::Stage').id;
    for (const domain of ['user', 'product', 'order', 'payment-webhook']) {
      const own = permissions.filter(({ lambda }) => lambda === liveAlias(backend, domain));
      expect(own).toEqual([expect.objectContaining({ principal: 'apigateway.amazonaws.com' })]);
      expect(own[0]?.source).toMatch(new RegExp(`:<HttpApi[^>]+>/<${stage}>/\\*/\\*$`));
    }
  });
});

describe('a method that a resource does not have', () => {
  it.each(paths)('is answered 405 on %s, with the methods that exist', (path) => {
    const { AuthorizationType, Integration } = method(`ANY ${path}`).properties;
    const [answer] = Integration.IntegrationResponses;
    const methods = table.filter((route) => route.path === path).map((route) => route.method);
    expect(AuthorizationType).toBe('NONE');
    expect(Integration.Type).toBe('MOCK');
    expect(answer.StatusCode).toBe('405');
    expect(answer.ResponseParameters).toEqual({
      'method.response.header.Content-Type': "'application/problem+json'",
      'method.response.header.Allow': `'${methods.sort().join(', ')}'`,
    });
    const [override, document] = answer.ResponseTemplates['application/json'].split('\n');
    expect(override).toBe('#set($context.responseOverride.header.X-Request-Id = $context.requestId)');
    expect(JSON.parse(document)).toMatchObject({
      code: 'method_not_allowed',
      status: 405,
      requestId: '$context.requestId',
    });
  });

  it('is answered whatever the type of the body', () => {
    const { RequestTemplates, PassthroughBehavior } = method('ANY /order').properties.Integration;
    expect(PassthroughBehavior).toBe('NEVER');
    expect(Object.keys(RequestTemplates)).toEqual(expect.arrayContaining(['application/json', 'text/plain']));
    for (const template of Object.values<string>(RequestTemplates)) {
      expect(JSON.parse(template)).toEqual({ statusCode: 405 });
    }
  });
});

describe.each(stageNames)('the stage %s of the gateway', (stageName) => {
  const template = templatesOf(stageName).backend;
  const stage = resource(template, 'AWS::ApiGateway::Stage').properties;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any property
  const settings: any[] = stage.MethodSettings;

  it('is traced, and logs each request as JSON that says nothing of a person', () => {
    expect(stage.StageName).toBe(stageName);
    expect(stage.TracingEnabled).toBe(true);
    expect(text(stage.AccessLogSetting.DestinationArn)).toMatch(/AccessLogs/);
    const format = JSON.parse(stage.AccessLogSetting.Format);
    expect(format).toMatchObject({
      requestId: '$context.requestId',
      lambdaRequestId: '$context.awsEndpointRequestId',
      authorizerRequestId: '$context.authorizer.requestId',
      status: '$context.status',
    });
    expect(Object.values(format).join()).not.toMatch(
      /identity|authorizer\.(?!requestId\b)|\$context\.path\b/,
    );
  });

  it('writes what it logs of its own working into a group of ours, which is there before the stage', () => {
    const group = resource(template, 'AWS::Logs::LogGroup', 'ExecutionLogs');
    expect(text(group.properties.LogGroupName)).toMatch(
      new RegExp(`^API-Gateway-Execution-Logs_<HttpApi\\w+>/${stageName}$`),
    );
    const { id } = resource(template, 'AWS::ApiGateway::Stage');
    expect(template.Resources[id]?.DependsOn).toContain(group.id);
  });

  it('leaves that group to the gateway where told to, as the name of one that is there cannot be had', () => {
    const { backend } = synthesizeStage(stageName, { settings: { executionLogs: 'gateway' } });
    const names = resources(backend, 'AWS::Logs::LogGroup').map(({ properties }) =>
      text(properties.LogGroupName ?? ''),
    );
    expect(names.filter((name) => name.includes('API-Gateway-Execution-Logs'))).toEqual([]);
  });

  it('throttles every route as the route table says', () => {
    for (const { method, path, throttle } of table) {
      const own = settings.find(
        ({ ResourcePath, HttpMethod }) =>
          ResourcePath === `/${path.replaceAll('/', '~1')}` && HttpMethod === method,
      );
      expect(own, `${method} ${path}`).toMatchObject({
        ThrottlingRateLimit: throttle.rate,
        ThrottlingBurstLimit: throttle.burst,
      });
    }
  });

  it('logs the bodies of no method', () => {
    expect(settings).toHaveLength(table.length + 1);
    for (const setting of list(settings)) {
      expect(setting).toMatchObject({ DataTraceEnabled: false, LoggingLevel: 'ERROR', MetricsEnabled: true });
    }
  });
});
