import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { fraudRulesSchema } from '../../shared/payments/fraud-settings.ts';
import { environmentOf, lambdas, resource, resources, stageNames, templatesOf, text } from './templates.ts';

const names = [
  'authorizer',
  'user',
  'product',
  'order',
  'order-workflow',
  'inventory',
  'payment',
  'payment-webhook',
  'notification',
  'analytics',
  'audit',
  'reconciler',
  'insights',
  'audit-seal',
  'order-notices',
  'announcement',
  'delivery-email',
  'delivery-sms',
  'delivery-push',
];
/** Run by a schedule; no task waits for them. */
const scheduledLambdas = ['reconciler'];
const apiLambdas = ['authorizer', 'user', 'product', 'order', 'payment-webhook'];
const streamLambdas = ['insights', 'audit-seal', 'order-notices'];
const queueLambdas = ['delivery-email', 'delivery-sms', 'delivery-push'];

describe.each(stageNames)('the Lambdas of %s', (stage) => {
  const { backend, data } = templatesOf(stage);
  const settings = stageSettings(stage);
  const all = lambdas(backend);

  function lambda(name: string) {
    const found = all.get(name);
    if (!found) throw new Error(`There is no Lambda ${name}`);
    return found;
  }

  it('are those of the plan', () => {
    expect([...all.keys()].sort()).toEqual([...names].sort());
  });

  it.each(names)('run %s on Node 24 and arm64, traced, with a log group of its own', (name) => {
    const { properties } = lambda(name);
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'handler.handler',
      MemorySize: settings.lambda.memoryMb,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
    });
    const group = text(properties.LoggingConfig.LogGroup).slice(1, -1);
    const users = [...all.values()].filter(
      (other) => text(other.properties.LoggingConfig.LogGroup) === `<${group}>`,
    );
    expect(users).toHaveLength(1);
    expect(resource(backend, 'AWS::Logs::LogGroup', group).properties).toMatchObject({
      RetentionInDays: settings.logRetentionDays,
      KmsKeyId: { 'Fn::ImportValue': expect.stringContaining('Key') },
    });
  });

  const others = [...apiLambdas, ...scheduledLambdas, ...streamLambdas, ...queueLambdas];
  const taskLambdas = names.filter((name) => !others.includes(name));
  it.each(taskLambdas)('end %s before its task gives up', (name) => {
    expect(lambda(name).properties.Timeout).toBeLessThan(settings.workflow.taskTimeoutSeconds);
  });

  it.each(apiLambdas)('end %s before API Gateway gives up after 29 seconds', (name) => {
    expect(lambda(name).properties.Timeout).toBeLessThan(29);
  });

  it('name tables that the data stack exports', () => {
    const exports = Object.values(data.Outputs).map((output) => output.Export);
    const names = exports.map((entry) => JSON.stringify(entry));
    const tables = [...all.values()].flatMap((one) =>
      Object.entries(environmentOf(one)).filter(([name]) => name.endsWith('_TABLE')),
    );
    for (const [variable, reference] of tables) {
      const table = variable.replace('_TABLE', '').replaceAll('_', '').toLowerCase();
      expect(reference.toLowerCase()).toContain(`tables${table}`);
      expect(names.join()).toContain(reference.slice(1, -1));
    }
  });

  it('trust tokens of the configured tenant alone', () => {
    for (const name of ['authorizer', 'user', 'product']) {
      expect(environmentOf(lambda(name))).toMatchObject({
        AUTH0_ISSUER: `https://${settings.auth0.domain}/`,
        AUTH0_AUDIENCE: settings.auth0.audience,
      });
    }
  });

  it('trust tokens of one application of the tenant once it is known', () => {
    const known = synthesizeStage(stage, { settings: { auth0: { clientId: 'ours' } } }).backend;
    for (const name of ['authorizer', 'user', 'product']) {
      expect(environmentOf(lambda(name))).not.toHaveProperty('AUTH0_CLIENT_ID');
      expect(lambdas(known).get(name)?.properties.Environment.Variables.AUTH0_CLIENT_ID).toBe('ours');
    }
  });

  it('judge fraud by the stage’s rules, and keep counters as long as a checkout may wait for them', () => {
    for (const name of ['order', 'order-workflow', 'payment']) {
      const told = JSON.parse(environmentOf(lambda(name)).FRAUD_RULES ?? '');
      expect(fraudRulesSchema.parse(told)).toEqual(settings.fraud);
    }
    expect(environmentOf(lambda('order')).PROFILE_TIMEOUT_SECONDS).toBe(
      String(settings.workflow.profileTimeoutSeconds),
    );
    const stricter = { userVelocity: { maxOrders: 2 }, countryMismatch: { enabled: false } };
    const { backend: other } = synthesizeStage(stage, { settings: { fraud: stricter } });
    const told = lambdas(other).get('payment')?.properties.Environment.Variables.FRAUD_RULES;
    expect(JSON.parse(told)).toMatchObject(stricter);
  });

  it('keep answers, which carry personal data, out of traces', () => {
    for (const one of all.values()) {
      expect(environmentOf(one).POWERTOOLS_TRACER_CAPTURE_RESPONSE).toBe('false');
    }
  });

  it('log into groups that are encrypted and forget', () => {
    for (const { id, properties } of resources(backend, 'AWS::Logs::LogGroup')) {
      const longest = id.startsWith('WebAcl') ? 30 : settings.logRetentionDays;
      expect(properties.RetentionInDays, id).toBe(Math.min(settings.logRetentionDays, longest));
      expect(text(properties.KmsKeyId)).toContain('Key');
    }
  });
});
