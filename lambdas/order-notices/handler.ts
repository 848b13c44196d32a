import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOnceStore } from '../../shared/adapters/dynamodb/once-store.ts';
import { createKinesisStream } from '../../shared/adapters/kinesis-stream.ts';
import { createSnsNotifier } from '../../shared/adapters/sns-notifier.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import { createStreamHandler } from '../../shared/workflow/stream-handler.ts';
import { type TellingPorts, tellChanges } from './tell-changes.ts';

/** Receives the streams of the Orders and the Products table, each in batches of its own. */
export const handler = createStreamHandler('tellChanges', () => {
  const ports = build();
  return (event) => tellChanges(event, ports);
});

function build(): TellingPorts {
  const settings = readEnvironment({
    IDEMPOTENCY_TABLE: nonEmpty,
    ORDER_NOTIFICATIONS_TOPIC_ARN: nonEmpty,
    ANALYTICS_STREAM_NAME: nonEmpty,
  });
  return {
    notifier: createSnsNotifier({ order: settings.ORDER_NOTIFICATIONS_TOPIC_ARN }),
    once: createOnceStore(dynamo(), settings.IDEMPOTENCY_TABLE),
    events: createKinesisStream(settings.ANALYTICS_STREAM_NAME),
    clock: systemClock,
  };
}
