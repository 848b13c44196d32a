import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { routes as routeTable } from '../../shared/api/routes.ts';
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

interface Widget {
  readonly properties: { readonly markdown?: string; readonly metrics?: readonly unknown[][] };
}

function widgetsOf(template: ReturnType<typeof templatesOf>['backend']): Widget[] {
  return JSON.parse(bodyOf(template)).widgets;
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
    for (const { id, properties } of resources(data, 'AWS::DynamoDB::Table')) {
      expect(body, id).toContain(id);
      for (const { IndexName } of properties.GlobalSecondaryIndexes ?? []) {
        expect(body, `${id} ${IndexName}`).toContain(`"GlobalSecondaryIndexName","${IndexName}"`);
      }
    }
  });

  it('names the runbooks without links, as the stage does not say where they can be read', () => {
    const names = alarmsOf(backend).map(({ properties }) =>
      properties.AlarmName.replace(`storefront-${stage}-`, ''),
    );
    const { properties } = widgetsOf(backend).find(({ properties: { markdown = '' } }) =>
      markdown.startsWith('### Runbooks'),
    ) ?? { properties: {} };
    expect(properties.markdown?.split('\n').at(-1)?.split(' · ').sort()).toEqual(names.sort());
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
    const shown = widgetsOf(templatesOf('prod').backend).flatMap(({ properties: { metrics = [] } }) =>
      metrics.flatMap(([namespace, name]) => (namespace === 'Storefront' ? [name] : searchedFor(namespace))),
    );
    expect([...new Set(shown)].sort()).toEqual(documented.sort());
  });

  it('looks for amounts in whatever currencies there are', () => {
    const expressions = widgetsOf(templatesOf('prod').backend).flatMap(({ properties: { metrics = [] } }) =>
      metrics.flatMap(([first]) => (isSearch(first) ? [first.expression] : [])),
    );
    expect(expressions.sort()).toEqual(
      ['AmountLostToStock', 'AmountPaid', 'AmountRefunded'].map(
        (name) =>
          `SEARCH('{Storefront,service,stage,currency} MetricName="${name}" service="insights" stage="prod"', 'Sum', 300)`,
      ),
    );
  });

  function isSearch(row: unknown): row is { expression: string } {
    return typeof row === 'object' && row !== null && 'expression' in row;
  }

  function searchedFor(row: unknown): string[] {
    return isSearch(row) ? [/MetricName="(\w+)"/.exec(row.expression)?.[1] ?? row.expression] : [];
  }
});

describe('an alarm on the business', () => {
  const { backend } = templatesOf('prod');
  const alarm = (id: string) => resource(backend, 'AWS::CloudWatch::Alarm', `Alarms${id}`).properties;
  const dimensions = (service: string) => [
    { Name: 'service', Value: service },
    { Name: 'stage', Value: 'prod' },
  ];
  interface MetricStat {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
    };
    readonly Stat: string;
  }
  const parts = (id: string): { MetricStat?: MetricStat; Expression?: string }[] => alarm(id).Metrics;
  /** What a formula is made of. */
  const metricsOf = (id: string) =>
    parts(id).flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat]));
  const expressionOf = (id: string) =>
    parts(id).find(({ Expression }) => Expression !== undefined)?.Expression;
  /** Of a table, from the name of the export that its name is imported by. */
  const nameOf = (value: unknown) =>
    /RefTables([A-Z][a-z]+)[0-9A-F]{8}/.exec(text(value))?.[1] ?? text(value);

  it.each([
    ['CheckoutSlow', 'SecondsToPaid', 'insights', 30],
    ['OrdersHeldLong', 'OldestHeldSeconds', 'reconciler', 24 * 3600],
    ['AuditTampered', 'AuditEntriesTampered', 'audit-seal', 1],
    ['ReconcileFailing', 'ReconcileFailures', 'reconciler', 1],
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
    expect(alarm('PaymentsFail').Threshold).toBe(30);
    expect(expressionOf('PaymentsFail')).toBe('IF(payments >= 10, 100 * failures / payments, 0)');
    expect(metricsOf('PaymentsFail')).toHaveLength(2);
    for (const { Metric } of metricsOf('PaymentsFail')) {
      expect(Metric).toEqual({
        Namespace: 'Storefront',
        MetricName: 'PaymentFailure',
        Dimensions: dimensions('insights'),
      });
    }
  });

  it('goes off for three payments without an answer, however few are made', () => {
    expect(alarm('PaymentsUnavailable')).toMatchObject({
      Namespace: 'Storefront',
      MetricName: 'OrdersFailed',
      Dimensions: [{ Name: 'reason', Value: 'payment_unavailable' }, ...dimensions('insights')],
      Statistic: 'Sum',
      Period: 3600,
      EvaluationPeriods: 1,
      Threshold: 3,
      TreatMissingData: 'notBreaching',
    });
  });

  it('goes off when three runs of the reconciler met an order that they could not mend, not when one did', () => {
    expect(alarm('ReconcileFailing')).toMatchObject({
      Statistic: 'Minimum',
      Period: 900,
      EvaluationPeriods: 1,
    });
  });

  it('makes nothing of a single slow order, nor of one slow request among few', () => {
    expect(alarm('CheckoutSlow')).toMatchObject({ ExtendedStatistic: 'p50', EvaluationPeriods: 2 });
    expect(expressionOf('ApiSlow')).toBe('IF(requests >= 20, latency, 0)');
    expect(metricsOf('ApiSlow').map(({ Metric, Stat }) => `${Metric.MetricName} ${Stat}`)).toEqual([
      'Latency p95',
      'Latency SampleCount',
    ]);
    expect(alarm('ApiSlow')).toMatchObject({ Threshold: 3000, EvaluationPeriods: 3 });
  });

  it.each([
    ['ReportsStopped', 'insights'],
    ['SealsStopped', 'audit-seal'],
  ])(
    '%s compares checkouts with calls of %s, of which Lambda tells nothing when there are none',
    (id, name) => {
      expect(expressionOf(id)).toBe('IF(FILL(started, 0) > 0 AND FILL(calls, 0) < 1, 1, 0)');
      expect(alarm(id)).toMatchObject({
        Threshold: 1,
        EvaluationPeriods: 48,
        DatapointsToAlarm: 3,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      });
      const [started, calls] = metricsOf(id);
      expect(started).toMatchObject({
        Period: 1800,
        Stat: 'Sum',
        Metric: { Namespace: 'AWS/States', MetricName: 'ExecutionsStarted' },
      });
      expect(text(started?.Metric.Dimensions[0]?.Value)).toMatch(/^<Checkout/);
      expect(calls).toMatchObject({
        Period: 1800,
        Stat: 'Sum',
        Metric: { Namespace: 'AWS/Lambda', MetricName: 'Invocations' },
      });
      const lambda = lambdas(backend).get(name)?.id;
      expect(calls?.Metric.Dimensions.map(({ Value }) => text(Value))).toContain(`<${lambda}>`);
    },
  );

  it('KeyRoutesFail takes the worst of the routes that a shop cannot do without, as CloudWatch counts each', () => {
    const asked = metricsOf('KeyRoutesFail').map(({ Metric: { Namespace, MetricName, Dimensions } }) => {
      const of = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, text(Value)]));
      expect(of).toMatchObject({
        ApiName: 'storefront-prod',
        Stage: expect.stringMatching(/^<HttpApiDeploymentStage/),
      });
      return `${Namespace} ${MetricName} ${of.Method} ${of.Resource}`;
    });
    const routes = ['POST /order', 'POST /user/login', 'POST /user/register', 'GET /product'];
    expect(asked).toEqual(
      [...routes, 'GET /product/{productId}'].flatMap((route) =>
        ['5XXError', 'Count'].map((name) => `AWS/ApiGateway ${name} ${route}`),
      ),
    );
    expect(expressionOf('KeyRoutesFail')).toContain(
      'IF(FILL(errors0, 0) >= 5, 100 * FILL(errors0, 0) / FILL(requests0, 1), 0)',
    );
    expect(alarm('KeyRoutesFail')).toMatchObject({ Threshold: 5, TreatMissingData: 'notBreaching' });
    expect(Object.values(routeTable).map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining(routes),
    );
  });

  it('NoticesStopped compares orders that order-notices is handed, and no products, with those to be told of', () => {
    expect(expressionOf('NoticesStopped')).toBe(
      'IF(FILL(held, 0) + FILL(shipped, 0) + FILL(delivered, 0) > 0 AND FILL(calls, 0) < 1, 1, 0)',
    );
    const mappings = resources(backend, 'AWS::Lambda::EventSourceMapping');
    const counting = mappings.filter(({ properties }) => properties.MetricsConfig);
    expect(counting.map(({ properties }) => properties.MetricsConfig)).toEqual([{ Metrics: ['EventCount'] }]);
    expect(text(counting[0]?.properties.EventSourceArn)).toMatch(/Orders/);
    expect(
      metricsOf('NoticesStopped').map(
        ({ Metric: { MetricName, Dimensions } }) =>
          `${MetricName} ${Dimensions.map(({ Value }) => text(Value)).join(' ')}`,
      ),
    ).toEqual([
      'OrdersHeld insights prod',
      'OrdersShipped insights prod',
      'OrdersDelivered insights prod',
      `InvokedEventCount <${counting[0]?.id}>`,
    ]);
    expect(alarm('NoticesStopped')).toMatchObject({ EvaluationPeriods: 48, DatapointsToAlarm: 3 });
  });

  it('sums what is throttled of all tables that a checkout writes, within the ten metrics that CloudWatch allows', () => {
    const asked = metricsOf('TablesThrottled').map(
      ({ Metric }) => `${Metric.Namespace} ${Metric.MetricName}`,
    );
    expect(asked.filter((name) => name === 'AWS/DynamoDB ReadThrottleEvents')).toHaveLength(5);
    expect(asked.filter((name) => name === 'AWS/DynamoDB WriteThrottleEvents')).toHaveLength(5);
    expect(asked).toHaveLength(10);
    expect(expressionOf('TablesThrottled')).toBe('SUM(FILL(METRICS(), 0))');
    expect(alarm('TablesThrottled').Threshold).toBe(100);
  });

  it('sums what is throttled of every index of these tables, which the tables’ own metrics leave out', () => {
    const asked = metricsOf('IndexesThrottled').map(
      ({ Metric: { Namespace, MetricName, Dimensions } }) =>
        `${Namespace} ${MetricName} ${Dimensions.map(({ Name, Value }) => `${Name}=${nameOf(Value)}`).join(' ')}`,
    );
    const indexes = ['Orders', 'Inventory', 'Users', 'Products', 'Idempotency'].flatMap((table) => {
      const { properties } = resource(templatesOf('prod').data, 'AWS::DynamoDB::Table', `Tables${table}`);
      return (properties.GlobalSecondaryIndexes ?? []).map(
        ({ IndexName }: { IndexName: string }) => `${table} ${IndexName}`,
      );
    });
    expect(asked.sort()).toEqual(
      indexes
        .map((index) => index.split(' '))
        .map(
          ([table, index]) =>
            `AWS/DynamoDB WriteThrottleEvents GlobalSecondaryIndexName=${index} TableName=${table}`,
        )
        .sort(),
    );
    expect(asked.join()).toContain('GlobalSecondaryIndexName=byMonth');
    expect(asked.length).toBeLessThanOrEqual(10);
    expect(expressionOf('IndexesThrottled')).toBe('SUM(FILL(METRICS(), 0))');
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
    expect(bodyOf(told)).toContain('[FewOrdersPaid](https://wiki.shop.example/run#feworderspaid)');
    expect(headings).toContain('FewOrdersPaid');
    expect(existsSync(join(repository, 'docs', 'observability.md'))).toBe(true);
  });

  it('leaves little to metric math, which the emulator has not', () => {
    const byFormula = alarmsOf(backend).filter(({ properties }) => properties.Metrics !== undefined);
    expect(byFormula.map(({ properties }) => properties.AlarmName).sort()).toEqual([
      'storefront-prod-ApiErrors',
      'storefront-prod-ApiSlow',
      'storefront-prod-BackupsFailed',
      'storefront-prod-IndexesThrottled',
      'storefront-prod-KeyRoutesFail',
      'storefront-prod-NoticesStopped',
      'storefront-prod-PaymentsFail',
      'storefront-prod-ReportsStopped',
      'storefront-prod-SealsStopped',
      'storefront-prod-TablesThrottled',
    ]);
  });
});
