import { describe, expect, it } from 'vitest';
import { synthesizeStage } from '../../lib/synthesize.ts';
import type { Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import {
  environmentOf,
  lambdas,
  neededBy,
  type Resource,
  resources,
  stageNames,
  templatesOf,
  text,
} from './templates.ts';

const table: readonly Route[] = Object.values(routes);
const domains = ['user', 'product', 'order'];

describe('a stage that allows no origin, as every stage does by default', () => {
  it.each(stageNames)('answers no preflight and sends no CORS header on %s', (stage) => {
    const { backend } = templatesOf(stage);
    const methods = resources(backend, 'AWS::ApiGateway::Method').map(
      ({ properties }) => properties.HttpMethod,
    );
    expect(methods).not.toContain('OPTIONS');
    expect(JSON.stringify(backend)).not.toContain('Access-Control');
    for (const name of domains) {
      expect(environmentOf(lambdas(backend).get(name) as Resource)).not.toHaveProperty(
        'CORS_ALLOWED_ORIGINS',
      );
    }
  });
});

describe('a stage that allows origins', () => {
  const allowedOrigins = ['https://shop.example.com', 'https://admin.example.com'];
  const { backend } = synthesizeStage('dev', { settings: { cors: { allowedOrigins } } });

  it('answers preflights on each path without a token', () => {
    const preflights = resources(backend, 'AWS::ApiGateway::Method').filter(
      ({ properties }) => properties.HttpMethod === 'OPTIONS',
    );
    expect(preflights).toHaveLength(new Set(table.map(({ path }) => path)).size);
    for (const { properties } of preflights) {
      expect(properties.AuthorizationType).toBe('NONE');
      const [{ ResponseTemplates }] = properties.Integration.IntegrationResponses;
      for (const origin of allowedOrigins) {
        expect(ResponseTemplates['application/json']).toContain(
          `#if($origin == "${origin}")#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end`,
        );
      }
    }
  });

  it('tells the Lambdas of the API, and no others', () => {
    const told = [...lambdas(backend)].filter(
      ([, lambda]) => 'CORS_ALLOWED_ORIGINS' in environmentOf(lambda),
    );
    expect(told.map(([name]) => name).sort()).toEqual([...domains].sort());
    for (const [, lambda] of told) {
      expect(environmentOf(lambda).CORS_ALLOWED_ORIGINS).toBe(allowedOrigins.join(','));
    }
  });

  it('lets pages read what the gateway answers by itself', () => {
    const answers = resources(backend, 'AWS::ApiGateway::GatewayResponse');
    expect(answers.length).toBeGreaterThan(10);
    for (const { id, properties } of answers) {
      const name = 'gatewayresponse.header.Access-Control-Allow-Origin';
      expect(properties.ResponseParameters[name], id).toBe("'*'");
    }
  });

  it('refuses what is no origin', () => {
    const withOrigin = (origin: string) =>
      synthesizeStage('dev', { settings: { cors: { allowedOrigins: [origin] } } });
    for (const wrong of ['*', 'shop.example.com', 'https://shop.example.com/', 'https://*.example.com']) {
      expect(() => withOrigin(wrong)).toThrow('cors.allowedOrigins.0: must be an origin');
    }
  });
});

describe('API keys of client applications', () => {
  it('are asked for by no route by default', () => {
    const { backend } = templatesOf('prod');
    expect(resources(backend, 'AWS::ApiGateway::UsagePlan')).toEqual([]);
    expect(JSON.stringify(backend)).not.toContain('"ApiKeyRequired":true');
  });

  it('give each client a throttle and a quota, and every route asks for one but those whose callers sign', () => {
    const usagePlan = {
      clients: ['web', 'ios'],
      throttle: { rate: 500, burst: 900 },
      requestsPerDay: 1_000_000,
    };
    const { backend } = synthesizeStage('prod', { settings: { usagePlan } });
    const plans = resources(backend, 'AWS::ApiGateway::UsagePlan');
    // Enforced for each key of the plan.
    const [plan, ...others] = plans;
    expect(others).toEqual([]);
    expect(plan?.properties).toMatchObject({
      Throttle: { RateLimit: 500, BurstLimit: 900 },
      Quota: { Limit: 1_000_000, Period: 'DAY' },
    });
    expect(text(plan?.properties.ApiStages[0].Stage)).toMatch(/^<HttpApiDeploymentStage/);
    const keys = resources(backend, 'AWS::ApiGateway::ApiKey').map(({ id }) => `<${id}>`);
    expect(keys).toHaveLength(2);
    const inPlan = resources(backend, 'AWS::ApiGateway::UsagePlanKey').map(({ properties }) => [
      text(properties.KeyId),
      text(properties.UsagePlanId),
    ]);
    expect(inPlan.sort()).toEqual(keys.map((key) => [key, `<${plan?.id}>`]).sort());
    // API Gateway refuses those that are added at the same time.
    const added = resources(backend, 'AWS::ApiGateway::UsagePlanKey').map(({ id }) => id);
    const [first = '', second = ''] = added;
    expect(
      [...neededBy(backend, first), ...neededBy(backend, second)].filter((id) => added.includes(id)),
    ).toHaveLength(1);
    expect([backend.Outputs.ApiKeyIdweb, backend.Outputs.ApiKeyIdios].map((one) => text(one?.Value))).toEqual(
      keys,
    );
    const asking = resources(backend, 'AWS::ApiGateway::Method')
      .filter(({ properties }) => properties.ApiKeyRequired === true)
      .map(({ properties }) => properties.OperationName);
    const unsigned = table.filter(({ signatureHeader }) => signatureHeader === undefined);
    expect(asking.sort()).toEqual(unsigned.map(({ summary }) => summary).sort());
  });
});
