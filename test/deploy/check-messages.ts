import { equal, match } from 'node:assert/strict';
import { z } from 'zod';
import type { DeployedStage } from './deployed-stage.ts';
import type { Emulator } from './emulator.ts';
import type { Report } from './report.ts';
import { type Customer, eventually, expectStatus, password, type Shopper } from './shopper.ts';

const mailsSchema = z.object({
  messages: z.record(
    z.string(),
    z.array(z.object({ To: z.array(z.string()), Subject: z.string(), BodyText: z.string() })),
  ),
});

/** Messages from the topic over queue and Lambda to SES, whose outbox the emulator shows. */
export async function checkMessages(
  report: Report,
  {
    stage,
    shopper,
    customer,
    orderId,
    emulator,
  }: {
    readonly stage: DeployedStage;
    readonly shopper: Shopper;
    readonly customer: Customer;
    /** An order of theirs that was paid. */
    readonly orderId: string;
    readonly emulator: Emulator;
  },
): Promise<void> {
  const { call } = stage;
  const check = (name: string, work: () => Promise<void>) => report.check(`${stage.name}: ${name}`, work);
  const mailTo = (email: string, subject: RegExp, about = '') =>
    eventually(`mail ${subject}`, async () => {
      const response = await fetch(`${emulator.endpoint}/_ministack/ses/messages`);
      const { messages } = mailsSchema.parse(await response.json());
      const mails = Object.values(messages)
        .flat()
        .filter(({ To }) => To.includes(email));
      return {
        found: mails.find(({ Subject, BodyText }) => subject.test(Subject) && BodyText.includes(about)),
        seen: mails.map(({ Subject }) => Subject).join(', '),
      };
    });

  await check('a paid order is confirmed by e-mail', async () => {
    await mailTo(customer.email, /order is confirmed/, orderId);
  });

  await check('a login from a new device takes a code, which comes by e-mail', async () => {
    const newcomer = await shopper.newCustomer({ withProfile: false });
    const login = { email: newcomer.email, password, deviceInfo: { os: 'Linux', browser: 'Firefox' } };
    const asked = await call('POST', '/user/login', { body: login });
    expectStatus(asked, 403, 'mfa_required');
    const { challengeId } = asked.json;
    const wrong = await call('POST', '/user/login', {
      body: { ...login, mfa: { challengeId, code: '000000' } },
    });
    expectStatus(wrong, 422, 'mfa_failed');
    const { BodyText } = await mailTo(newcomer.email, /login code/i);
    const code = /\b\d{6}\b/.exec(BodyText)?.[0] ?? '';
    match(code, /^\d{6}$/, BodyText);
    const answer = await call('POST', '/user/login', { body: { ...login, mfa: { challengeId, code } } });
    expectStatus(answer, 200);
    equal(answer.json.newDevice, true);
  });
}
