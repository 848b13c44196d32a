import { createDelivery } from '../../shared/adapters/delivery/delivery.ts';
import { createSesSender } from '../../shared/adapters/delivery/ses-sender.ts';
import { nonEmpty, nonEmptyIfSet, readEnvironment } from '../../shared/config/environment.ts';
import { createQueueHandler } from '../../shared/workflow/queue-handler.ts';

export const handler = createQueueHandler('deliverEmail', () => {
  const settings = readEnvironment({
    EMAIL_FROM: nonEmpty,
    EMAIL_CONFIGURATION_SET: nonEmptyIfSet,
    EMAIL_UNSUBSCRIBE: nonEmptyIfSet,
  });
  const sender = createSesSender({
    from: settings.EMAIL_FROM,
    configurationSet: settings.EMAIL_CONFIGURATION_SET,
    unsubscribe: settings.EMAIL_UNSUBSCRIBE,
  });
  return createDelivery('email', sender);
});
