import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOnceStore } from '../../shared/adapters/dynamodb/once-store.ts';
import { createPromotionFinder } from '../../shared/adapters/dynamodb/promotion-store.ts';
import { listUsers } from '../../shared/adapters/dynamodb/user-list.ts';
import { createSnsNotifier } from '../../shared/adapters/sns-notifier.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { announcePromotion } from './announce-promotion.ts';

/** No route leads here: an operator starts an announcement (docs/notifications.md). */
export const handler = createTaskHandler(() => {
  const settings = readEnvironment({
    USERS_TABLE: nonEmpty,
    PROMOTIONS_TABLE: nonEmpty,
    IDEMPOTENCY_TABLE: nonEmpty,
    USER_NOTIFICATIONS_TOPIC_ARN: nonEmpty,
  });
  const client = dynamo();
  const ports = {
    promotions: createPromotionFinder(client, settings.PROMOTIONS_TABLE),
    users: { list: listUsers.bind(undefined, client, settings.USERS_TABLE, 'Customer') },
    notifier: createSnsNotifier({ user: settings.USER_NOTIFICATIONS_TOPIC_ARN }),
    once: createOnceStore(client, settings.IDEMPOTENCY_TABLE),
    clock: systemClock,
  };
  return { announcePromotion: announcePromotion(ports) };
});
