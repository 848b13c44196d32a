import { describe, expect, it } from 'vitest';
import {
  placeholders,
  readCheckoutDefinition,
  renderCheckoutDefinition,
  substitutedPlaceholders,
} from '../../lib/checkout-definition.ts';
import { stageSettings } from '../../lib/choose-settings.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { lambdas, liveAlias, resource, stageNames, statements, templatesOf, text } from './templates.ts';

const source = readCheckoutDefinition();
const timeouts = { taskTimeoutSeconds: 20, profileTimeoutSeconds: 3600, reviewTimeoutSeconds: 7200 };

/** Every value of a member, wherever it stands in a JSON document. */
function valuesOf(document: unknown, member: string): unknown[] {
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) => [
    ...(key === member ? [value] : []),
    ...valuesOf(value, member),
  ]);
}

describe('rendering the checkout definition', () => {
  it('takes a source that is JSON as it stands', () => {
    expect(() => JSON.parse(source)).not.toThrow();
  });

  it('turns every time-out into a number of seconds', () => {
    const seconds = valuesOf(JSON.parse(renderCheckoutDefinition(source, timeouts)), 'TimeoutSeconds');
    expect(seconds.length).toBeGreaterThan(10);
    expect(new Set(seconds)).toEqual(new Set([20, 3600, 7200]));
  });

  it('leaves to CloudFormation what it alone knows', () => {
    const left = placeholders(renderCheckoutDefinition(source, timeouts));
    expect(left.sort()).toEqual([...substitutedPlaceholders].sort());
  });

  it('refuses a placeholder that nobody resolves', () => {
    const typo = source.replace('PaymentFunctionArn', 'PaymentsFunctionArn');
    expect(() => renderCheckoutDefinition(typo, timeouts)).toThrow('without a value: PaymentsFunctionArn');
  });

  it('refuses a time-out placeholder that is not a whole value', () => {
    const mixed = source.replace(/(?=\$\{TaskTimeoutSeconds\})/, '1');
    expect(() => renderCheckoutDefinition(mixed, timeouts)).toThrow('without a value: TaskTimeoutSeconds');
  });

  it('refuses what is no state machine', () => {
    expect(() => renderCheckoutDefinition('{"Comment": "empty"}', timeouts)).toThrow('StartAt');
  });
});

describe.each(stageNames)('the checkout state machine of %s', (stage) => {
  const { backend } = templatesOf(stage);
  const machine = resource(backend, 'AWS::StepFunctions::StateMachine', 'Checkout');
  const { DefinitionString, DefinitionSubstitutions, RoleArn } = machine.properties;
  const role = text(RoleArn).slice(1).replace('.Arn>', '');
  const rights = statements(backend, role);

  it('is a Standard workflow with the rendered definition inline', () => {
    expect(machine.properties.StateMachineType).toBe('STANDARD');
    expect(DefinitionString).toBe(renderCheckoutDefinition(source, stageSettings(stage).workflow));
  });

  it('is parseable JSON without a placeholder once CloudFormation has put the values in', () => {
    const resolved = DefinitionString.replace(/\$\{(\w+)\}/g, (_: string, name: string) =>
      text(DefinitionSubstitutions[name]),
    );
    expect(placeholders(resolved)).toEqual([]);
    expect(JSON.parse(resolved).States).toBeTypeOf('object');
  });

  it('substitutes exactly the placeholders of the definition', () => {
    expect(Object.keys(DefinitionSubstitutions).sort()).toEqual(placeholders(DefinitionString).sort());
  });

  it.each([
    ['OrderWorkflowFunctionArn', 'order-workflow'],
    ['InventoryFunctionArn', 'inventory'],
    ['PaymentFunctionArn', 'payment'],
    ['NotificationFunctionArn', 'notification'],
    ['AnalyticsFunctionArn', 'analytics'],
    ['AuditFunctionArn', 'audit'],
  ])('puts %s where it may invoke it', (placeholder, name) => {
    const arn = liveAlias(backend, name);
    expect(text(DefinitionSubstitutions[placeholder])).toBe(arn);
    const invocable = rights.filter(({ actions }) => actions.includes('lambda:InvokeFunction'));
    expect(invocable.flatMap(({ resources }) => resources)).toContain(arn);
  });

  it('may send to the queue that it names, and use the key for that', () => {
    const queue = resource(backend, 'AWS::SQS::Queue', 'CheckoutDeadLetters').id;
    expect(text(DefinitionSubstitutions.DeadLetterQueueUrl)).toBe(`<${queue}>`);
    const sends = rights.filter(({ actions }) => actions.includes('sqs:SendMessage'));
    expect(sends.flatMap(({ resources }) => resources)).toEqual([`<${queue}.Arn>`]);
    expect(rights.flatMap(({ actions }) => actions)).toEqual(
      expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey']),
    );
  });

  it('is traced, and logs every event without the data of its customers', () => {
    expect(machine.properties.TracingConfiguration).toEqual({ Enabled: true });
    const { Level, IncludeExecutionData, Destinations } = machine.properties.LoggingConfiguration;
    expect({ Level, IncludeExecutionData }).toEqual({ Level: 'ALL', IncludeExecutionData: false });
    expect(text(Destinations[0].CloudWatchLogsLogGroup.LogGroupArn)).toMatch(/CheckoutLogs/);
  });

  it('fits into what Step Functions takes', () => {
    expect(Buffer.byteLength(DefinitionString)).toBeLessThan(1024 * 1024);
  });
});

describe('the time-outs of the checkout', () => {
  it('come from the settings, a Lambda ending before its task', () => {
    const settings = { workflow: { taskTimeoutSeconds: 33, reviewTimeoutSeconds: 99 } };
    const { backend } = synthesizeStage('dev', { settings });
    const definition = resource(backend, 'AWS::StepFunctions::StateMachine', 'Checkout').properties
      .DefinitionString;
    expect(valuesOf(JSON.parse(definition), 'TimeoutSeconds')).toEqual(expect.arrayContaining([33, 99]));
    expect(lambdas(backend).get('payment')?.properties.Timeout).toBe(28);
  });
});
