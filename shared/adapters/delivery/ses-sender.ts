import { BadRequestException, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Sender } from '../../notifications/delivery-ports.ts';
import { fromHeader, isMailAddress, readMailSender } from '../../notifications/mail-address.ts';
import { attempt, senderDefaults } from './sender-client.ts';

export interface SesSettings {
  /** `Name <address>` or an address alone, of an identity that SES has verified. */
  readonly from: string;
  readonly configurationSet?: string | undefined;
  /** Mailbox or https URL that takes people off the newsletter; the sender's mailbox when left out. */
  readonly unsubscribe?: string | undefined;
}

/**
 * E-mail by SES. Its BadRequestException means the recipient, our sender or what we wrote, and mostly does not say
 * which. So it is the recipient's, for good, only if it quotes their address; all else that SES refuses is thrown,
 * as the mail is as good as before once the cause is mended.
 * @throws RangeError when `from` is no sender
 */
export function createSesSender(
  { from, configurationSet, unsubscribe }: SesSettings,
  client = new SESv2Client(senderDefaults),
): Sender<'email'> {
  const sender = readMailSender(from);
  if (!sender) throw new RangeError('The sender of mails is no address such as Shop <orders@shop.example>');
  const unsubscribeHeader = { Name: 'List-Unsubscribe', Value: waysOut(unsubscribe ?? sender.address) };
  return {
    async send(to, { subject, text, html }, { type, optIn }) {
      const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });
      const command = new SendEmailCommand({
        FromEmailAddress: fromHeader(sender),
        Destination: { ToAddresses: [to] },
        Content: {
          Simple: {
            Subject: utf8(subject),
            Body: { Text: utf8(text), Html: utf8(html) },
            ...(optIn ? { Headers: [unsubscribeHeader] } : {}),
          },
        },
        EmailTags: [{ Name: 'type', Value: type }],
        ...(configurationSet === undefined ? {} : { ConfigurationSetName: configurationSet }),
      });
      const isTheirs = (error: Error) =>
        error instanceof BadRequestException && error.message.includes(to) && to !== sender.address;
      return attempt('SES', () => client.send(command), isTheirs);
    },
  };
}

function waysOut(where: string): string {
  return isMailAddress(where) ? `<mailto:${where}?subject=unsubscribe>` : `<${where}>`;
}
