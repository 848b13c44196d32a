import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bundlesFolder } from '../../lib/bundle.ts';
import type { Domain, Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import type { CallResult } from './call-bundles.ts';
import { environmentOf, lambdas, templatesOf } from './templates.ts';

/** Read by libraries or meant for people who look at a Lambda, not by our code. */
const common = [
  'POWERTOOLS_LOG_LEVEL',
  'POWERTOOLS_SERVICE_NAME',
  'POWERTOOLS_TRACER_CAPTURE_RESPONSE',
  'STAGE',
];
/** They answer which records or messages of a batch have failed. */
const fedByStream = [
  'insights',
  'audit-seal',
  'order-notices',
  'delivery-email',
  'delivery-sms',
  'delivery-push',
];
const domains: readonly Domain[] = ['user', 'product', 'order'];
const all = lambdas(templatesOf('dev').backend);

/** A call of a route that asks for a token, without one: the handler is built, then answers 401. */
function eventWithoutToken(domain: Domain) {
  const table: readonly Route[] = Object.values(routes);
  const isFit = (route: Route) => route.domain === domain && !route.allow.includes('anyone');
  const route = table.find((one) => isFit(one) && one.throttle.perAddressPerMinute === undefined);
  if (!route) throw new Error(`No route of ${domain} asks for a token`);
  return {
    resource: route.path,
    httpMethod: route.method,
    headers: {},
    requestContext: { requestId: 'request-1', identity: { sourceIp: '192.0.2.1', userAgent: 'test' } },
  };
}

const eventWithoutSignature = {
  resource: '/order/payment-webhook',
  httpMethod: 'POST',
  headers: {},
  requestContext: { requestId: 'request-1', identity: { sourceIp: '192.0.2.1' } },
};

function eventFor(name: string): unknown {
  const domain = domains.find((one) => one === name);
  if (domain) return eventWithoutToken(domain);
  if (name === 'payment-webhook') return eventWithoutSignature;
  if (name === 'authorizer') {
    return {
      methodArn: 'arn:aws:execute-api:us-east-1:1:api/dev/GET/x',
      headers: { Authorization: 'Bearer x' },
    };
  }
  if (fedByStream.includes(name)) return { Records: [] };
  return { task: 'noSuchTask' };
}

function callBundles(): Map<string, CallResult> {
  const calls = [...all].map(([name, lambda]) => ({
    name,
    bundle: pathToFileURL(join(bundlesFolder, name, 'handler.mjs')).href,
    environment: environmentOf(lambda),
    event: eventFor(name),
  }));
  const script = join(import.meta.dirname, 'call-bundles.ts');
  const output = execFileSync(process.execPath, [script, JSON.stringify(calls)], { encoding: 'utf8' });
  const results: CallResult[] = JSON.parse(output.trim().split('\n').at(-1) ?? '[]');
  return new Map(results.map((result) => [result.name, result]));
}

describe('a cold Lambda with the environment of the template', () => {
  const results = callBundles();

  it.each([...all.keys()])('%s finds every setting that it asks for', (name) => {
    const { answer, error } = results.get(name) ?? {};
    if (domains.some((domain) => domain === name)) {
      expect(answer).toMatchObject({ statusCode: 401 });
    } else if (name === 'payment-webhook') {
      expect(answer).toMatchObject({ statusCode: 400 });
    } else if (name === 'authorizer') {
      expect(JSON.stringify(answer)).toContain('"Effect":"Deny"');
    } else if (fedByStream.includes(name)) {
      expect(answer).toEqual({ batchItemFailures: [] });
    } else {
      expect(error).toBe('InvalidTaskInputError: There is no task noSuchTask');
    }
  });

  it.each([...all])('%s is told nothing that it does not ask for', (name, lambda) => {
    const told = Object.keys(environmentOf(lambda)).filter((variable) => !common.includes(variable));
    const read = results.get(name)?.read ?? [];
    expect(told.filter((variable) => !read.includes(variable))).toEqual([]);
  });
});
