import { describe, expect, it } from 'vitest';
import { list, type Resource, resources, stageNames, templatesOf, text } from './templates.ts';

describe.each(stageNames)('what is handed on asynchronously on %s', (stage) => {
  const { backend } = templatesOf(stage);
  const queues = resources(backend, 'AWS::SQS::Queue');
  const byArn = new Map(queues.map((queue) => [`<${queue.id}.Arn>`, queue]));

  function deadLettersOf({ properties }: Resource): string | undefined {
    return properties.RedrivePolicy && text(properties.RedrivePolicy.deadLetterTargetArn);
  }

  it('by a stream or a queue to a Lambda ends in a dead-letter queue when it fails for good', () => {
    const mappings = resources(backend, 'AWS::Lambda::EventSourceMapping');
    expect(mappings.length).toBeGreaterThan(0);
    for (const { id, properties } of mappings) {
      const source = byArn.get(text(properties.EventSourceArn));
      const deadLetters = source
        ? deadLettersOf(source)
        : text(properties.DestinationConfig?.OnFailure.Destination ?? 'nowhere');
      expect([...byArn.keys()], id).toContain(deadLetters);
    }
  });

  it('by a schedule ends there when it cannot be delivered, and when the Lambda does not end', () => {
    const rules = resources(backend, 'AWS::Events::Rule');
    expect(rules.length).toBeGreaterThan(0);
    const configured = resources(backend, 'AWS::Lambda::EventInvokeConfig');
    for (const { id, properties } of rules) {
      for (const { Arn, DeadLetterConfig } of properties.Targets) {
        expect([...byArn.keys()], id).toContain(text(DeadLetterConfig?.Arn ?? 'nowhere'));
        const alias = text(Arn).slice(1, -1);
        const { FunctionName, Name } = backend.Resources[alias]?.Properties ?? {};
        const own = configured.find(
          (config) =>
            text(config.properties.FunctionName) === text(FunctionName) &&
            config.properties.Qualifier === Name,
        );
        const destination = text(own?.properties.DestinationConfig.OnFailure.Destination ?? 'nowhere');
        expect([...byArn.keys()], id).toContain(destination);
      }
    }
  });

  it('by a topic to a queue ends there when the queue cannot be reached', () => {
    const subscriptions = resources(backend, 'AWS::SNS::Subscription').filter(
      ({ properties }) => properties.Protocol === 'sqs',
    );
    for (const subscription of subscriptions) {
      expect([...byArn.keys()], subscription.id).toContain(deadLettersOf(subscription));
    }
  });

  it('waits in dead-letter queues that are encrypted, kept for 14 days, watched and told of', () => {
    const watched = JSON.stringify(resources(backend, 'AWS::CloudWatch::Alarm'));
    const told = Object.values(backend.Outputs).map(({ Value }) => JSON.stringify(Value));
    const deadLetters = queues.filter(({ id }) => /DeadLetters/.test(id));
    expect(deadLetters.length).toBeGreaterThan(2);
    for (const { id, properties } of deadLetters) {
      expect(text(properties.KmsMasterKeyId), id).toContain('Key');
      expect(properties.MessageRetentionPeriod, id).toBe(14 * 24 * 60 * 60);
      expect(watched, id).toContain(`["${id}","QueueName"]`);
      expect(told, id).toContain(JSON.stringify({ Ref: id }));
    }
  });

  it('is never a queue without a dead-letter queue behind it', () => {
    const isDeadLetters = ({ id }: Resource) => /DeadLetters/.test(id);
    for (const queue of queues.filter((one) => !isDeadLetters(one))) {
      expect(list(deadLettersOf(queue)), queue.id).toHaveLength(1);
    }
  });
});
