import { createDelivery } from '../../shared/adapters/delivery/delivery.ts';
import { createPushSender } from '../../shared/adapters/delivery/sns-senders.ts';
import { createQueueHandler } from '../../shared/workflow/queue-handler.ts';

export const handler = createQueueHandler('deliverPush', () => createDelivery('push', createPushSender()));
