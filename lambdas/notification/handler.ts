import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOnceStore } from '../../shared/adapters/dynamodb/once-store.ts';
import { createSnsNotifier } from '../../shared/adapters/sns-notifier.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { notify } from './notify.ts';

export const handler = createTaskHandler(() => {
  const settings = readEnvironment({
    IDEMPOTENCY_TABLE: nonEmpty,
    ORDER_NOTIFICATIONS_TOPIC_ARN: nonEmpty,
    USER_NOTIFICATIONS_TOPIC_ARN: nonEmpty,
  });
  const notifier = createSnsNotifier({
    order: settings.ORDER_NOTIFICATIONS_TOPIC_ARN,
    user: settings.USER_NOTIFICATIONS_TOPIC_ARN,
  });
  const once = createOnceStore(dynamo(), settings.IDEMPOTENCY_TABLE);
  return { notify: notify({ notifier, once, clock: systemClock }) };
});
