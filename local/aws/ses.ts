import { z } from 'zod';
import { AwsError } from './aws-error.ts';
import type { Stores } from './stores.ts';

/** SES v2, SendEmail, as REST knows it. */
export const sendEmailPath = '/v2/email/outbound-emails';

const part = z.object({ Data: z.string() });
const mailSchema = z.object({
  FromEmailAddress: z.string(),
  Destination: z.object({ ToAddresses: z.array(z.string()).min(1) }),
  Content: z.object({
    Simple: z.object({
      Subject: part,
      Body: z.object({ Text: part.optional(), Html: part.optional() }),
    }),
  }),
});

/** Puts a mail where people read it. @throws AwsError on what SES would refuse */
export function sendEmail(input: unknown, stores: Stores): { MessageId: string } {
  const parsed = mailSchema.safeParse(input);
  if (!parsed.success) throw new AwsError('BadRequestException', z.prettifyError(parsed.error));
  const { FromEmailAddress, Destination, Content } = parsed.data;
  const { Subject, Body } = Content.Simple;
  const { id } = stores.deliver({
    channel: 'email',
    from: FromEmailAddress,
    to: Destination.ToAddresses.join(', '),
    subject: Subject.Data,
    text: Body.Text?.Data ?? '',
    ...(Body.Html ? { html: Body.Html.Data } : {}),
  });
  return { MessageId: id };
}
