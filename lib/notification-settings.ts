import { z } from 'zod';
import { isMailAddress, readMailSender } from '../shared/notifications/mail-address.ts';
import { type Channel, channels } from '../shared/notifications/notification.ts';

export const smsTypes = ['Transactional', 'Promotional'] as const;

const hostName = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** An identity verifies the address, or the domain with those below it. */
function liesIn(identity: string, from: string): boolean {
  const address = readMailSender(from)?.address.toLowerCase() ?? '';
  if (identity.includes('@')) return address === identity.toLowerCase();
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return domain === identity || domain.endsWith(`.${identity}`);
}

/** How a stage reaches people. A channel that is left out is not delivered over. */
export const notificationSettingsSchema = z.strictObject({
  email: z
    .strictObject({
      /** `Shop <orders@shop.example>`, or the address alone. */
      from: z.string().refine((text) => readMailSender(text) !== undefined, {
        error: 'must be an address such as Shop <orders@shop.example>',
      }),
      /** Domain or address that SES has verified; the Lambda may send as this identity alone. */
      identity: z.string().refine((text) => hostName.test(text) || isMailAddress(text), {
        error: 'must be a domain such as shop.example, or an address',
      }),
      /** SES counts and reports by it. The identity's default one has to be named here: using it takes a right. */
      configurationSet: z
        .string()
        .regex(/^[\w-]{1,64}$/, 'must be the name of a configuration set')
        .optional(),
      /** Where mail programs send people who want no more promotions; the sender's mailbox when left out. */
      unsubscribe: z
        .string()
        .refine((text) => isMailAddress(text) || /^https:\/\/[^\s<>]+$/.test(text), {
          error: 'must be a mailbox or an https URL',
        })
        .optional(),
    })
    .refine(({ from, identity }) => liesIn(identity, from), {
      path: ['from'],
      error: 'must lie in the identity that SES has verified',
    })
    .optional(),
  sms: z
    .strictObject({
      /** SNS routes `Transactional` for arrival and `Promotional` for cost. */
      type: z.enum(smsTypes),
      /** Shown as the sender, in countries that allow it. */
      senderId: z
        .string()
        .regex(
          /^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/,
          'must be up to 11 letters and digits, a letter among them',
        )
        .optional(),
    })
    .optional(),
  push: z
    .strictObject({
      /** SNS platform application of the shop's app. */
      applicationArn: z
        .string()
        .regex(
          /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:app\/[A-Z_]+\/[\w.-]+$/,
          'must be the ARN of a platform application',
        ),
    })
    .optional(),
  /** Mailboxes that get the staff's alerts. Without any they go to the Managers and Admins themselves. */
  staff: z.array(z.email()).max(20),
});

export type NotificationSettings = Readonly<z.infer<typeof notificationSettingsSchema>>;

export function configuredChannels(settings: NotificationSettings): readonly Channel[] {
  return channels.filter((channel) => settings[channel] !== undefined);
}
