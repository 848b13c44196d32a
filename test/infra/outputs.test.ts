import { describe, expect, it } from 'vitest';
import { environmentOf, lambdas, resources, stageNames, templatesOf, text } from './templates.ts';

describe.each(stageNames)('the stack of %s', (stage) => {
  const { backend, data } = templatesOf(stage);

  it.each([
    ['ApiUrl'],
    ['StateMachineArn'],
    ['ReversalStateMachineArn'],
    ['CheckoutDeadLetterQueueUrl'],
    ['InsightsDeadLetterQueueUrl'],
    ['ReconcilerDeadLetterQueueUrl'],
    ['OperatorAlarmsTopicArn'],
    ['OrderNotificationsTopicArn'],
    ['UserNotificationsTopicArn'],
    ['AnalyticsStreamName'],
    ['AnalyticsDeliveryStreamName'],
    ['AnalyticsDeliveryLogGroupName'],
    ['AnalyticsDatabaseName'],
    ['AnalyticsWorkGroupName'],
    ['AccessLogGroupName'],
    ['CheckoutLogGroupName'],
    ['ReversalLogGroupName'],
  ])('tells operators %s', (name) => {
    expect(backend.Outputs).toHaveProperty(name);
  });

  it('tells Lambdas by the alias that is in service, whoever calls them', () => {
    const names = Object.keys(backend.Outputs).filter((name) => name.endsWith('FunctionName'));
    expect(names).toContain('AnnouncementFunctionName');
    expect(names.length).toBeGreaterThan(7);
    const aliases = resources(backend, 'AWS::Lambda::Alias').map(({ id }) => id);
    for (const name of names) {
      const told = text(backend.Outputs[name]?.Value);
      expect(told, name).toSatisfy((value: string) => aliases.some((id) => value.includes(`<${id}>`)));
      expect(told, name).toMatch(/:live$/);
    }
  });

  it('tells the secrets by ARN, and none of their values', () => {
    for (const name of ['Auth0SecretArn', 'CaptchaSecretArn', 'MfaSecretArn', 'StripeSecretArn']) {
      expect(text(data.Outputs[name]?.Value)).toMatch(/^<\w+>$/);
    }
    for (const { id, properties } of resources(data, 'AWS::SecretsManager::Secret')) {
      expect(properties, id).not.toHaveProperty('SecretString');
    }
    for (const [name, lambda] of lambdas(backend)) {
      const secret = Object.entries(environmentOf(lambda)).filter(
        ([variable]) => /SECRET|PASSWORD|API_KEY|TOKEN/.test(variable) && !variable.endsWith('_ARN'),
      );
      expect(secret, name).toEqual([]);
    }
    expect(JSON.stringify([backend, data])).not.toMatch(
      /resolve:secretsmanager|sk_(test|live)_|AKIA[0-9A-Z]{16}/,
    );
  });

  it('is tagged with service, stage and cost', () => {
    for (const template of [backend, data]) {
      const tagged = resources(template).filter(({ properties }) => Array.isArray(properties.Tags));
      expect(tagged.length).toBeGreaterThan(5);
      for (const { id, properties } of tagged) {
        expect(properties.Tags, id).toEqual(
          expect.arrayContaining([
            { Key: 'cost', Value: `storefront-${stage}` },
            { Key: 'service', Value: 'storefront' },
            { Key: 'stage', Value: stage },
          ]),
        );
      }
    }
  });
});
