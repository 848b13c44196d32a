import { equal, match } from 'node:assert/strict';
import { z } from 'zod';
import { otherThan } from '../support/login-codes.ts';
import type { CheckedOrders } from './check-orders.ts';
import type { DeployedStage } from './deployed-stage.ts';
import type { Emulator } from './emulator.ts';
import type { Report } from './report.ts';
import { type Customer, eventually, expectStatus, one, password, type Shopper } from './shopper.ts';

const mailsSchema = z.object({
  messages: z.record(
    z.string(),
    z.array(z.object({ To: z.array(z.string()), Subject: z.string(), BodyText: z.string() })),
  ),
});

const textsSchema = z.object({
  sms_messages: z.record(z.string(), z.array(z.object({ Message: z.string() }))),
});
/** The seeded one, to whom alerts for the staff go. */
const manager = 'manager@example.com';
/** No telephone has one of these. */
const phonePrefix = '+1415555';

/** Messages from the topic over queue and Lambda to SES and SNS, whose outboxes the emulator shows. */
export async function checkMessages(
  report: Report,
  {
    stage,
    shopper,
    customer,
    orders,
    emulator,
  }: {
    readonly stage: DeployedStage;
    readonly shopper: Shopper;
    readonly customer: Customer;
    /** Theirs. */
    readonly orders: CheckedOrders;
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
    await mailTo(customer.email, /order is confirmed/, orders.paid);
  });

  await check('a held order is told of to the staff and its customer, and its approval too', async () => {
    await mailTo(manager, new RegExp(`^Review needed: order ${orders.held}$`));
    await mailTo(customer.email, /checking your order/, orders.held);
    await mailTo(customer.email, /order is accepted/, orders.held);
  });

  await check('the staff are told that a product runs low', async () => {
    const buyer = await shopper.newCustomer({ withProfile: true });
    const productId = await shopper.newProduct(10);
    await shopper.ended(await shopper.placed(buyer, one(productId, 6)), 'Paid');
    await mailTo(manager, /^Low stock: /, productId);
  });

  /** Logs in from another device, with the code that `read` has been sent. */
  const loginByCode = async ({ email }: Customer, read: () => Promise<string>) => {
    const login = { email, password, deviceInfo: { os: 'Linux', browser: 'Firefox' } };
    const asked = await call('POST', '/user/login', { body: login });
    expectStatus(asked, 403, 'mfa_required');
    const { challengeId } = asked.json;
    const message = await read();
    const code = /\b\d{6}\b/.exec(message)?.[0] ?? '';
    match(code, /^\d{6}$/, message);
    const wrong = await call('POST', '/user/login', {
      body: { ...login, mfa: { challengeId, code: otherThan(code) } },
    });
    expectStatus(wrong, 422, 'mfa_failed');
    const answer = await call('POST', '/user/login', { body: { ...login, mfa: { challengeId, code } } });
    expectStatus(answer, 200);
    equal(answer.json.newDevice, true);
  };

  await check('a login from a new device takes a code, which comes by e-mail', async () => {
    const newcomer = await shopper.newCustomer({ withProfile: false });
    await loginByCode(newcomer, async () => (await mailTo(newcomer.email, /login code/i)).BodyText);
  });

  await check('it comes as a text message to whoever gave a telephone number', async () => {
    const phone = `${phonePrefix}${stage.name === 'dev' ? '0100' : '0101'}`;
    const newcomer = await shopper.newCustomer({ withProfile: false, phone });
    await loginByCode(newcomer, () =>
      eventually('the text message', async () => {
        const response = await fetch(`${emulator.endpoint}/_ministack/sns/sms-messages`);
        const texts = textsSchema.parse(await response.json()).sms_messages[phone] ?? [];
        return { found: texts.at(-1)?.Message, seen: `${texts.length} messages` };
      }),
    );
  });
}
