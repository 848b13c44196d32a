import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/stage-settings.ts';
import { addStage, createApp } from '../../lib/storefront-app.ts';
import { resources, stageNames, templatesOf } from './templates.ts';

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
    addStage(app, stageSettings(stage));
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    const findings = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
    expect(findings).toEqual([]);
  });

  it('passes the validation of its templates against the schemas of CloudFormation', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    addStage(app, stageSettings(stage));
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

describe('the stacks of a stage', () => {
  it('are named after it, and prod cannot be deleted by mistake', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    const dev = addStage(app, stageSettings('dev'));
    const prod = addStage(app, stageSettings('prod'));
    expect([dev.data.stackName, dev.backend.stackName]).toEqual([
      'storefront-dev-data',
      'storefront-dev-backend',
    ]);
    expect(prod.data.terminationProtection).toBe(true);
    expect(dev.data.terminationProtection).toBe(false);
  });

  it('have their logical ids alike on every stage', () => {
    const ids = (stage: 'dev' | 'prod') => Object.keys(templatesOf(stage).data.Resources);
    expect(ids('dev')).toEqual(ids('prod'));
  });

  it('put nothing that holds data into the backend', () => {
    const types = Object.values(templatesOf('prod').backend.Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::DynamoDB::Table');
    expect(types).not.toContain('AWS::S3::Bucket');
  });

  it('stay below the 500 resources that a stack may have', () => {
    expect(Object.keys(templatesOf('prod').backend.Resources).length).toBeLessThan(450);
  });
});
