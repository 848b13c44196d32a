import { describe, expect, it } from 'vitest';
import { deliver } from '../../../shared/notifications/deliver.ts';
import type { DeliveryRecords, SendResult } from '../../../shared/notifications/delivery-ports.ts';
import { aUser } from '../../support/builders/user.ts';
import { aNotification, type DeliveryFakes, deliveryFakes } from '../../support/notification-fakes.ts';

const subscriber = aUser({ preferences: { newsletterOptIn: true } });
const promotion = aNotification({
  notificationId: 'promotion-1#promotion#user-1',
  type: 'promotion',
  data: { code: 'SPRING', kind: 'percent', value: '10' },
});
const unknown = { status: 'unknown', reason: 'TimeoutError' } as const;
const throttled = { status: 'throttled' } as const;
const untilItComesAgain = 90_000;

/** Where a process dies: at which of its calls to the store or the provider, and whether that still took effect. */
interface Death {
  readonly call: number;
  readonly tookEffect: boolean;
}
const deaths: readonly Death[] = [1, 2, 3, 4, 5].flatMap((call) => [
  { call, tookEffect: false },
  { call, tookEffect: true },
]);

/** The ports of a process that dies: from then on nothing that it does takes effect. */
function dyingAt(death: Death, ports: DeliveryFakes<'email'>): DeliveryFakes<'email'> {
  let calls = 0;
  const mortal =
    <G extends unknown[], R>(call: (...given: G) => Promise<R>) =>
    async (...given: G): Promise<R> => {
      calls += 1;
      if (calls > death.call || (calls === death.call && !death.tookEffect)) throw new Error('died');
      const answer = await call(...given);
      if (calls === death.call) throw new Error('died');
      return answer;
    };
  const { claim, complete, release } = ports.records;
  const records: DeliveryRecords = {
    claim: mortal(claim),
    complete: mortal(complete),
    release: mortal(release),
  };
  return { ...ports, records, sender: { send: mortal(ports.sender.send) } };
}

/** A mailbox that counts what came, and what may have. */
function mailbox(replies: readonly (SendResult | Error)[]) {
  const ports = deliveryFakes('email', [subscriber]);
  ports.replies.push(...replies);
  let mails = 0;
  const { send } = ports.sender;
  const sender: typeof ports.sender = {
    send: async (...given) => {
      const result = await send(...given);
      if (result.status === 'sent' || result.status === 'unknown') mails += 1;
      return result;
    },
  };
  return { ports: { ...ports, sender }, mails: () => mails };
}

describe.each([
  ['a message about an order', aNotification(), 2],
  ['a promotion', promotion, 1],
])('%s', (_what, message, most) => {
  it.each([
    ['takes it', []],
    ['does not answer', [unknown, unknown, unknown, unknown]],
    ['refuses it and then does not answer', [throttled, throttled, throttled, new Error('refused'), unknown]],
  ])(
    'is sent so often at most, wherever two processes die, when the provider %s',
    async (_reply, replies) => {
      for (const first of deaths) {
        for (const second of deaths) {
          const { ports, mails } = mailbox(replies);
          for (const process of [dyingAt(first, ports), dyingAt(second, ports), ports, ports, ports, ports]) {
            await deliver(message, process).catch(() => undefined);
            ports.advance(untilItComesAgain);
          }
          const where = JSON.stringify({ first, second });
          expect(mails(), where).toBeLessThanOrEqual(most);
          const [record] = ports.kept.values();
          expect(record?.outcome, where).toMatch(/^(sent|unknown)$/);
          expect(ports.measured.length, where).toBeLessThanOrEqual(1);
          if (record?.outcome === 'sent') expect(mails(), where).toBeGreaterThan(0);
        }
      }
    },
  );
});
