import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOnceStore } from '../../shared/adapters/dynamodb/once-store.ts';
import { createSnsNotifier } from '../../shared/adapters/sns-notifier.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import type { PublishPorts } from '../../shared/notifications/publish-once.ts';
import { createStreamHandler } from '../../shared/workflow/stream-handler.ts';
import { tellCustomers } from './tell-customers.ts';

/** Receives the stream of the Orders table. */
export const handler = createStreamHandler('tellCustomers', () => {
  const ports = build();
  return (event) => tellCustomers(event, ports);
});

function build(): PublishPorts {
  const settings = readEnvironment({ IDEMPOTENCY_TABLE: nonEmpty, ORDER_NOTIFICATIONS_TOPIC_ARN: nonEmpty });
  return {
    notifier: createSnsNotifier({ order: settings.ORDER_NOTIFICATIONS_TOPIC_ARN }),
    once: createOnceStore(dynamo(), settings.IDEMPOTENCY_TABLE),
    clock: systemClock,
  };
}
