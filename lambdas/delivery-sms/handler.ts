import * as z from 'zod';
import { createDelivery } from '../../shared/adapters/delivery/delivery.ts';
import { createSmsSender } from '../../shared/adapters/delivery/sns-senders.ts';
import { nonEmptyIfSet, readEnvironment } from '../../shared/config/environment.ts';
import { createQueueHandler } from '../../shared/workflow/queue-handler.ts';

export const handler = createQueueHandler('deliverSms', () => {
  const settings = readEnvironment({
    SMS_TYPE: z.enum(['Transactional', 'Promotional']),
    SMS_SENDER_ID: nonEmptyIfSet,
  });
  return createDelivery(
    'sms',
    createSmsSender({ type: settings.SMS_TYPE, senderId: settings.SMS_SENDER_ID }),
  );
});
