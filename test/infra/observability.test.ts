import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/stage-settings.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { lambdas, resource, resources, stageNames, templatesOf, text } from './templates.ts';

const repository = join(import.meta.dirname, '..', '..');
const runbooks = readFileSync(join(repository, 'docs', 'operations.md'), 'utf8');
const headings = [...runbooks.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name);

/** Alarms that people are told of; those of a single deployment tell CodeDeploy. */
const alarmsOf = (template: ReturnType<typeof templatesOf>['backend']) =>
  resources(template, 'AWS::CloudWatch::Alarm').filter(
    ({ properties }) => properties.AlarmName !== undefined,
  );

/** What a dashboard has in it, with every expression as text. */
function bodyOf(template: ReturnType<typeof templatesOf>['backend']): string {
  return text(resource(template, 'AWS::CloudWatch::Dashboard').properties.DashboardBody);
}

describe.each(stageNames)('what is seen of %s', (stage) => {
  const { backend, data } = templatesOf(stage);
  const settings = stageSettings(stage);
  const functions = [...lambdas(backend)];

  it('has traces of the API, of every Lambda and of both state machines', () => {
    expect(resource(backend, 'AWS::ApiGateway::Stage').properties.TracingEnabled).toBe(true);
    const machines = resources(backend, 'AWS::StepFunctions::StateMachine');
    expect(machines).toHaveLength(2);
    for (const { properties } of machines) expect(properties.TracingConfiguration).toEqual({ Enabled: true });
    const all = resources(backend, 'AWS::Lambda::Function');
    expect(all.length).toBe(functions.length);
    for (const { id, properties } of all) expect(properties.TracingConfig, id).toEqual({ Mode: 'Active' });
  });

  it('is forgotten in time: every log group has the stage’s retention, or less', () => {
    const groups = [backend, data].flatMap((template) => resources(template, 'AWS::Logs::LogGroup'));
    expect(groups.length).toBeGreaterThan(functions.length);
    for (const { id, properties } of groups) {
      expect(properties.RetentionInDays, id).toBeGreaterThan(0);
      expect(properties.RetentionInDays, id).toBeLessThanOrEqual(settings.logRetentionDays);
    }
    const ids = groups.map(({ id }) => `<${id}>`);
    // A Lambda without a group of its own would get one that keeps everything for ever.
    for (const [name, { properties }] of functions) {
      expect(ids, name).toContain(text(properties.LoggingConfig.LogGroup));
    }
  });

  it('sets off alarms that lead to a runbook, and tell the operators when it begins and when it is over', () => {
    const topic = `<${resource(backend, 'AWS::SNS::Topic', 'OperatorAlarms').id}>`;
    const alarms = alarmsOf(backend);
    expect(alarms.length).toBeGreaterThan(25);
    for (const { properties } of alarms) {
      const id = properties.AlarmName.replace(`storefront-${stage}-`, '');
      expect(headings).toContain(id);
      expect(properties.AlarmDescription).toMatch(
        new RegExp(`Runbook: docs/operations.md#${id.toLowerCase()}$`),
      );
      expect(properties.AlarmDescription.length).toBeLessThanOrEqual(1024);
      expect(properties.AlarmActions.map(text), id).toEqual([topic]);
      expect(properties.OKActions.map(text), id).toEqual([topic]);
    }
  });

  it('is on one dashboard, with every Lambda, table, queue and alarm', () => {
    const body = bodyOf(backend);
    expect(resource(backend, 'AWS::CloudWatch::Dashboard').properties.DashboardName).toBe(
      `storefront-${stage}`,
    );
    const { widgets } = JSON.parse(body);
    expect(widgets.length).toBeGreaterThan(25);
    for (const [name] of functions) expect(body, name).toContain(`"label":"${name}"`);
    for (const { id } of alarmsOf(backend)) expect(body, id).toContain(`<${id}.Arn>`);
    for (const { id } of resources(backend, 'AWS::SQS::Queue'))
      expect(body, id).toContain(`<${id}.QueueName>`);
    for (const { id } of resources(data, 'AWS::DynamoDB::Table')) expect(body, id).toContain(id);
    for (const alarm of alarmsOf(backend)) {
      const id = alarm.properties.AlarmName.replace(`storefront-${stage}-`, '');
      expect(body).toContain(`[${id}](docs/operations.md#${id.toLowerCase()})`);
    }
  });
});

describe('the table of metrics', () => {
  const page = readFileSync(join(repository, 'docs', 'observability.md'), 'utf8');
  const [, section = ''] = page.split('## Metrics');
  const rows =
    section
      .split('## ')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `')) ?? [];
  const documented = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );

  it('has what the dashboard shows, and nothing that it does not', () => {
    const { widgets } = JSON.parse(bodyOf(templatesOf('prod').backend));
    const shown = widgets.flatMap(({ properties }: { properties: { metrics?: unknown[][] } }) =>
      (properties.metrics ?? []).filter(([namespace]) => namespace === 'Storefront').map(([, name]) => name),
    );
    expect([...new Set(shown)].sort()).toEqual(documented.sort());
  });
});

describe('an alarm on the business', () => {
  const { backend } = templatesOf('prod');
  const alarm = (id: string) => resource(backend, 'AWS::CloudWatch::Alarm', `Alarms${id}`).properties;
  const dimensions = (service: string) => [
    { Name: 'service', Value: service },
    { Name: 'stage', Value: 'prod' },
  ];

  it.each([
    ['CheckoutSlow', 'SecondsToPaid', 'insights', 30],
    ['OrdersHeldLong', 'OldestHeldSeconds', 'reconciler', 24 * 3600],
    ['AuditTampered', 'AuditEntriesTampered', 'audit-seal', 1],
  ])('%s watches %s, as the Lambda %s publishes it, from %i on', (id, MetricName, service, Threshold) => {
    expect(alarm(id)).toMatchObject({
      Namespace: 'Storefront',
      MetricName,
      Dimensions: dimensions(service),
      Threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it('looks at the share of failed payments once there are enough of them', () => {
    const { Metrics, Threshold } = alarm('PaymentsFail');
    expect(Threshold).toBe(30);
    expect(Metrics.map(({ Expression }: { Expression?: string }) => Expression)).toContain(
      'IF(payments >= 10, 100 * failures / payments, 0)',
    );
    for (const { MetricStat } of Metrics.filter((metric: { MetricStat?: object }) => metric.MetricStat)) {
      expect(MetricStat.Metric).toEqual({
        Namespace: 'Storefront',
        MetricName: 'PaymentFailure',
        Dimensions: dimensions('insights'),
      });
    }
  });

  it('sums what is throttled of all tables that a checkout writes, within the ten metrics that CloudWatch allows', () => {
    const { Metrics, Threshold } = alarm('TablesThrottled');
    const isMetric = (metric: { MetricStat?: object }) => metric.MetricStat !== undefined;
    const asked = Metrics.filter(isMetric).map(
      ({ MetricStat }: { MetricStat: { Metric: { Namespace: string; MetricName: string } } }) =>
        `${MetricStat.Metric.Namespace} ${MetricStat.Metric.MetricName}`,
    );
    expect(asked.filter((name: string) => name === 'AWS/DynamoDB ReadThrottleEvents')).toHaveLength(5);
    expect(asked.filter((name: string) => name === 'AWS/DynamoDB WriteThrottleEvents')).toHaveLength(5);
    expect(asked).toHaveLength(10);
    expect(Metrics.find((metric: object) => !isMetric(metric))).toMatchObject({
      Expression: 'SUM(METRICS())',
    });
    expect(Threshold).toBe(100);
  });

  it('goes off when the reconciler is not heard of at all', () => {
    expect(alarm('ReconcilerSilent')).toMatchObject({
      MetricName: 'Invocations',
      Period: 900,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  it('on few sales is a setting', () => {
    expect(alarmsOf(backend).map(({ id }) => id)).not.toContainEqual(
      expect.stringContaining('FewOrdersPaid'),
    );
    const settings = {
      alarms: { fewPaid: { orders: 5, hours: 6 }, runbooks: 'https://wiki.shop.example/run' },
    };
    const told = synthesizeStage('prod', { settings }).backend;
    const { properties } = resource(told, 'AWS::CloudWatch::Alarm', 'FewOrdersPaid');
    expect(properties).toMatchObject({
      MetricName: 'OrdersPaid',
      Period: 6 * 3600,
      Threshold: 5,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    expect(properties.AlarmDescription).toContain('https://wiki.shop.example/run#feworderspaid');
    expect(headings).toContain('FewOrdersPaid');
    expect(existsSync(join(repository, 'docs', 'observability.md'))).toBe(true);
  });

  it('leaves little to metric math, which the emulator has not', () => {
    const byFormula = alarmsOf(backend).filter(({ properties }) => properties.Metrics !== undefined);
    expect(byFormula.map(({ properties }) => properties.AlarmName).sort()).toEqual([
      'storefront-prod-BackupsFailed',
      'storefront-prod-PaymentsFail',
      'storefront-prod-TablesThrottled',
    ]);
  });
});
