import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import { addStage, createApp } from '../../lib/storefront-app.ts';
import { allChannels, resources, stageNames, templatesOf, text } from './templates.ts';

const stateful = [
  'AWS::DynamoDB::Table',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::Kinesis::Stream',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::StepFunctions::StateMachine',
  'AWS::ApiGateway::RestApi',
];

describe.each(stageNames)('the app on %s', (stage) => {
  it('has no finding of AwsSolutions that nobody explained', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    addStage(app, stageSettings(stage, { notifications: allChannels }));
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    const findings = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
    expect(findings).toEqual([]);
  });

  it('passes the validation of its templates against the schemas of CloudFormation', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    addStage(app, stageSettings(stage, { notifications: allChannels }));
    const assembly = app.synth();
    const report = JSON.parse(readFileSync(join(assembly.directory, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports).toEqual([]);
  });

  it('keeps the logical ids of what CloudFormation would otherwise replace, data and addresses included', () => {
    const { data, backend } = templatesOf(stage);
    const ids = [data, backend]
      .flatMap((template) => stateful.flatMap((type) => resources(template, type)))
      .map(({ id, type }) => `${type} ${id}`);
    expect(ids.sort()).toMatchSnapshot();
  });
});

describe('a stage with everything on that is off by default', () => {
  it('has no finding that nobody explained, and templates that CloudFormation accepts', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    const settings = stageSettings('dev', {
      deployment: 'Linear10PercentEvery3Minutes',
      reservedConcurrency: { payment: 20 },
      protectData: true,
      backup: { keptDays: 7 },
      cors: { allowedOrigins: ['https://shop.example.com', 'https://admin.example.com'] },
      webAcl: { overLimit: 'captcha', blockAnonymous: true, perAddress: 1000, perToken: 500 },
      usagePlan: {
        clients: ['web', 'ios', 'android', 'kiosk', 'partner'],
        throttle: { rate: 100, burst: 200 },
        requestsPerDay: 100_000,
      },
      payments: { provider: 'stripe' },
      alarms: { fewPaid: { orders: 5, hours: 6 } },
      alarmEmail: 'oncall@shop.example',
      analytics: {
        quickSight: { principalArn: 'arn:aws:quicksight:us-east-1:123456789012:user/default/analyst' },
      },
      notifications: allChannels,
    });
    const { backend } = addStage(app, settings);
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
    const assembly = app.synth();
    const report = JSON.parse(readFileSync(join(assembly.directory, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports).toEqual([]);
    const { Resources } = assembly.getStackByName(backend.stackName).template;
    // CloudFormation takes 500.
    expect(Object.keys(Resources).length).toBeLessThanOrEqual(495);
  });
});

describe('the stacks of a stage', () => {
  it('are named after it, and prod cannot be deleted by mistake', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    const dev = addStage(app, stageSettings('dev'));
    const prod = addStage(app, stageSettings('prod'));
    expect([dev.data.stackName, dev.backend.stackName]).toEqual([
      'storefront-dev-data',
      'storefront-dev-backend',
    ]);
    for (const stack of [prod.data, prod.backend]) expect(stack.terminationProtection).toBe(true);
    for (const stack of [dev.data, dev.backend]) expect(stack.terminationProtection).toBe(false);
  });

  it('have their logical ids alike on every stage', () => {
    const ids = (stage: 'dev' | 'prod') =>
      Object.keys(templatesOf(stage).data.Resources).filter((id) => !id.startsWith('Backups'));
    expect(ids('dev')).toEqual(ids('prod'));
  });

  it('put nothing that holds data into the backend', () => {
    const types = Object.values(templatesOf('prod').backend.Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::DynamoDB::Table');
    expect(types).not.toContain('AWS::S3::Bucket');
  });

  it('can be created again beside what a former one left, and after a creation that failed', () => {
    const { data, backend } = templatesOf('prod');
    const left = [data, backend]
      .flatMap((template) => resources(template))
      .filter(({ deletionPolicy }) => String(deletionPolicy).startsWith('Retain'));
    const named = left.flatMap(({ id, properties, deletionPolicy }) =>
      [properties?.LogGroupName, properties?.BackupVaultName, properties?.Name, properties?.TableName]
        .filter((name) => name !== undefined)
        .map((name) => ({ id, name: text(name), deletionPolicy })),
    );
    expect(named.length).toBeGreaterThanOrEqual(5);
    for (const { id, name, deletionPolicy } of named) {
      // Of the stack, or of the API that it makes.
      expect(name, id).toMatch(/<AWS::StackId>|<HttpApi\w+>/);
      expect(deletionPolicy, id).toBe('RetainExceptOnCreate');
    }
  });

  it('stay below the 500 resources that a stack may have', () => {
    expect(Object.keys(templatesOf('prod').backend.Resources).length).toBeLessThan(450);
  });
});
