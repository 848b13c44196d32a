import type { Channel } from '../../shared/notifications/notification.ts';
import type { StageName } from '../stage-settings.ts';
import { type AlarmDefinition, alarmPeriod } from './alarm-definition.ts';
import { BusinessMetrics } from './business-metrics.ts';
import type { ChannelDelivery } from './delivery.ts';
import type { DeliveryQueue } from './delivery-queue.ts';

type Watched = 'undelivered' | 'late' | 'refused' | 'mailingUndelivered';

/** Of each channel: what was given up, what waits, and what was done with though nobody may have got it. */
const deliveryTexts: Readonly<
  Record<Channel, readonly { readonly id: string; readonly of: Watched; readonly impact: string }[]>
> = {
  email: [
    {
      id: 'EmailUndelivered',
      of: 'undelivered',
      impact:
        'People were not mailed about their orders, or cannot log in from a new device: e-mails were given up after ' +
        'five tries. Read the log of the e-mail delivery Lambda, mend the cause and redrive the dead-letter queue.',
    },
    {
      id: 'EmailLate',
      of: 'late',
      impact:
        'People wait for mails, login codes among them: the oldest has waited for five minutes. Look for throttles ' +
        'of SES and errors in the log of the e-mail delivery Lambda.',
    },
    {
      id: 'EmailsRefused',
      of: 'refused',
      impact:
        'Several people are not mailed, and will not be: SES does not take their addresses, or does not answer, and ' +
        'then some were mailed. Read the warnings of the e-mail delivery Lambda.',
    },
    {
      id: 'EmailMailingsUndelivered',
      of: 'mailingUndelivered',
      impact:
        'Subscribers were not mailed a promotion: it was given up after an hour and a half. Orders and login codes ' +
        'have a queue of their own. Read the log of the e-mail delivery Lambda, mend the cause and redrive.',
    },
  ],
  sms: [
    {
      id: 'SmsUndelivered',
      of: 'undelivered',
      impact:
        'People with a telephone number cannot log in from a new device, or were not told of their orders: text ' +
        'messages were given up after five tries. Read the log of the SMS delivery Lambda; the monthly limit of ' +
        'spending is a frequent cause. Then redrive the dead-letter queue.',
    },
    {
      id: 'SmsLate',
      of: 'late',
      impact:
        'People wait for text messages, login codes among them: the oldest has waited for five minutes. Look for ' +
        'throttles of SNS and errors in the log of the SMS delivery Lambda.',
    },
    {
      id: 'SmsRefused',
      of: 'refused',
      impact:
        'Several people get no text messages, login codes among them: SNS does not take their numbers, they have ' +
        'opted out, or SNS does not answer. Read the warnings of the SMS delivery Lambda.',
    },
  ],
  push: [
    {
      id: 'PushUndelivered',
      of: 'undelivered',
      impact:
        'Users of the app were not told about their orders: push messages were given up after five tries. Look for ' +
        'a disabled platform application, mend it and redrive the dead-letter queue.',
    },
    {
      id: 'PushLate',
      of: 'late',
      impact:
        'Users of the app are told late about their orders: the oldest push message has waited for five minutes. ' +
        'Read the log of the push delivery Lambda.',
    },
    {
      id: 'PushRefused',
      of: 'refused',
      impact:
        'Several users of the app get no push messages: their endpoints are disabled or gone, or SNS does not ' +
        'answer; the warnings of the push delivery Lambda say which. After a new version of the app, see whether ' +
        'it registers its devices.',
    },
    {
      id: 'PushMailingsUndelivered',
      of: 'mailingUndelivered',
      impact:
        'Subscribers were not told of a promotion in the app: it was given up after an hour and a half. Messages ' +
        'about orders have a queue of their own. Read the log of the push delivery Lambda, mend the cause and redrive.',
    },
  ],
};
const lateSeconds = 300;
/** Now and then somebody's number or app is gone; so many at once have a cause in common. */
const severalRefused = 10;

/** What was not delivered over a channel, what is late, and how many are not taken. */
export function deliveryAlarms(
  { channel, queue, bulk }: ChannelDelivery,
  stage: StageName,
): AlarmDefinition[] {
  const maximum = { period: alarmPeriod, statistic: 'Maximum' };
  const sum = { period: alarmPeriod, statistic: 'Sum' };
  const waiting = ({ deadLetters }: DeliveryQueue) => ({
    metric: deadLetters.metricApproximateNumberOfMessagesVisible(maximum),
    threshold: 1,
  });
  const watched: Readonly<Record<Watched, Pick<AlarmDefinition, 'metric' | 'threshold'> | undefined>> = {
    undelivered: waiting(queue),
    late: { metric: queue.queue.metricApproximateAgeOfOldestMessage(maximum), threshold: lateSeconds },
    refused: {
      metric: new BusinessMetrics(stage).ofDelivery(channel, 'Undeliverable', sum),
      threshold: severalRefused,
    },
    mailingUndelivered: bulk && waiting(bulk),
  };
  return deliveryTexts[channel].flatMap(({ id, of, impact }) => {
    const what = watched[of];
    return what ? [{ id, impact, ...what }] : [];
  });
}
