import { describe, expect, it, vi } from 'vitest';
import { TransientError } from '../../../shared/errors.ts';
import type { User } from '../../../shared/identity/user.ts';
import { deliver } from '../../../shared/notifications/deliver.ts';
import type { ReceivedNotification } from '../../../shared/notifications/notification.ts';
import { logger } from '../../../shared/observability/logger.ts';
import { aUser } from '../../support/builders/user.ts';
import { aNotification, deliveryFakes } from '../../support/notification-fakes.ts';

const ann = aUser({ email: 'ann@example.com', phone: '+14155550100' });
const arn = (name: string) => `arn:aws:sns:us-east-1:123456789012:endpoint/GCM/Shop/${name}`;
const mail = (...users: User[]) => deliveryFakes('email', users);
const addresses = (sent: readonly { to: string }[]) => sent.map(({ to }) => to);
const outcomes = (kept: ReadonlyMap<string, { outcome?: string }>) =>
  [...kept.values()].map((one) => one.outcome);

const code = aNotification({
  notificationId: 'challenge-1',
  type: 'mfa_code',
  channel: 'sms',
  data: { code: '123456', expiresAt: '2026-03-01T12:10:00.000Z' },
});
const promotion = aNotification({
  notificationId: 'promotion-1#promotion#user-1',
  type: 'promotion',
  data: { code: 'SPRING', kind: 'percent', value: '10' },
});
const throttled = { status: 'throttled' } as const;
const unknown = { status: 'unknown', reason: 'TimeoutError' } as const;
const lowStock = aNotification({
  notificationId: 'product-1#low_stock#now',
  role: 'Manager',
  type: 'low_stock',
  data: { productId: 'product-1', name: 'Thing', availableCount: '1', threshold: '3' },
});

describe('a message to a customer', () => {
  it('goes to the address that the record has now', async () => {
    const ports = mail(ann);
    ports.users.set('user-1', { ...ann, email: 'new@example.com' });
    await deliver(aNotification(), ports);
    expect(addresses(ports.sent)).toEqual(['new@example.com']);
    expect(ports.sent[0]?.content.text).toContain('Hello name-of-user-1,');
  });

  it('goes to the telephone, and to each app that is known', async () => {
    const sms = deliveryFakes('sms', [ann]);
    await deliver(aNotification(), sms);
    expect(addresses(sms.sent)).toEqual(['+14155550100']);
    const push = deliveryFakes('push', [aUser({ pushEndpoints: [arn('a'), arn('b')] })]);
    push.replies.push({ status: 'undeliverable', reason: 'EndpointDisabledException' });
    await deliver(aNotification(), push);
    expect(addresses(push.sent)).toEqual([arn('b')]);
    expect(outcomes(push.kept)).toEqual(['undeliverable', 'sent']);
  });

  const nobody: [string, User[], ReceivedNotification][] = [
    ['whose account is gone', [], aNotification()],
    [
      'who is being erased',
      [{ ...ann, disabled: true, erasureStartedAt: '2026-03-01T12:00:00.000Z' }],
      aNotification(),
    ],
    [
      'who is disabled, unless it is about their money',
      [{ ...ann, disabled: true }],
      { ...code, channel: 'email' },
    ],
    [
      'whose code has expired',
      [ann],
      { ...code, channel: 'email', data: { code: '1', expiresAt: '2026-03-01T12:00:00.000Z' } },
    ],
    ['when it is meant for another channel', [ann], code],
    ['who has no address that a provider would take', [{ ...ann, email: 'no address' }], aNotification()],
    [
      'whose address is longer than any mailbox',
      [{ ...ann, email: `${'a'.repeat(65)}@example.com` }],
      aNotification(),
    ],
    ['whose domain cannot be one', [{ ...ann, email: `ann@${'a'.repeat(64)}.com` }], aNotification()],
    ['who has not subscribed, if it is a promotion', [ann], promotion],
    [
      'who has unsubscribed, if it is a promotion',
      [{ ...ann, preferences: { newsletterOptIn: false } }],
      promotion,
    ],
  ];
  it.each(nobody)('is not sent to somebody %s', async (_who, users, message) => {
    const ports = mail(...users);
    await deliver(message, ports);
    expect(ports.sent).toEqual([]);
    expect(ports.kept.size).toBe(0);
  });

  it('is sent to a disabled account when it is about its money', async () => {
    const ports = mail({ ...ann, disabled: true });
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(1);
  });

  it('that is no promotion asks for no opt-in', async () => {
    const ports = mail({ ...ann, preferences: { newsletterOptIn: false } });
    await deliver(aNotification(), ports);
    await deliver({ ...code, channel: 'email' }, ports);
    expect(ports.sent).toHaveLength(2);
  });

  it('that is a promotion goes to subscribers', async () => {
    const ports = mail({ ...ann, preferences: { newsletterOptIn: true } });
    await deliver(promotion, ports);
    expect(ports.sent.map(({ content }) => content.subject)).toEqual(['10% off for you']);
  });
});

describe('an alert to the staff', () => {
  const manager = aUser({ userId: 'manager', role: 'Manager' });
  const admin = aUser({ userId: 'admin', role: 'Admin' });

  it('goes to every Manager and Admin who is not disabled', async () => {
    const gone = aUser({ userId: 'gone', role: 'Manager', disabled: true });
    const ports = mail(ann, manager, admin, gone);
    await deliver(lowStock, ports);
    expect(addresses(ports.sent)).toEqual(['manager@example.com', 'admin@example.com']);
  });

  it('goes to the configured mailboxes instead, without a name', async () => {
    const ports = deliveryFakes('email', [manager], ['staff@example.com']);
    await deliver(lowStock, ports);
    expect(addresses(ports.sent)).toEqual(['staff@example.com']);
    expect(ports.sent[0]?.content.text).not.toContain('Hello');
    expect([...ports.kept.keys()].join()).not.toContain('staff@example.com');
  });

  it('reaches the others though one could not be sent, and that one alone by the next try', async () => {
    const ports = mail(manager, admin);
    ports.replies.push(throttled, throttled, throttled);
    await expect(deliver(lowStock, ports)).rejects.toThrow(TransientError);
    expect(addresses(ports.sent)).toEqual(['admin@example.com']);
    await deliver(lowStock, ports);
    expect(addresses(ports.sent)).toEqual(['admin@example.com', 'manager@example.com']);
  });
});

describe('a repetition', () => {
  it('sends nothing, whenever it comes', async () => {
    const ports = mail(ann);
    await deliver(aNotification(), ports);
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(1);
    expect(outcomes(ports.kept)).toEqual(['sent']);
  });

  it('waits while another attempt is at it', async () => {
    const ports = mail(ann);
    await ports.records.claim('DELIVERY#email#order-1#order_confirmation#user-1', {
      id: 'other',
      now: ports.clock.now(),
      until: new Date('2030-01-01'),
      most: 2,
    });
    await expect(deliver(aNotification(), ports)).rejects.toThrow(TransientError);
    expect(ports.sent).toEqual([]);
  });

  it('of what is undeliverable does not ask the provider again', async () => {
    const ports = mail(ann);
    ports.replies.push({ status: 'undeliverable', reason: 'BadRequestException' });
    await deliver(aNotification(), ports);
    await deliver(aNotification(), ports);
    expect(ports.sent).toEqual([]);
    expect(outcomes(ports.kept)).toEqual(['undeliverable']);
  });

  it.each([
    ['throttles that go on', [throttled, throttled, throttled]],
    ['a connection that was not to be had', [new TransientError('SES could not do this now')]],
    ['a sender that is not verified', [new Error('MessageRejected')]],
  ])('after %s sends it at once', async (_what, replies) => {
    const ports = mail(ann);
    ports.replies.push(...replies);
    await expect(deliver(aNotification(), ports)).rejects.toThrow();
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(1);
  });
});

/** As long as a message stays invisible that was not handled. */
const untilItComesAgain = 90_000;

describe('a crash between sending and noting it', () => {
  const subscriber = { ...ann, preferences: { newsletterOptIn: true } };

  it('has a message about an order sent once more, once its claim has ended', async () => {
    const ports = mail(subscriber);
    ports.crashes = 1;
    await expect(deliver(aNotification(), ports)).rejects.toThrow('died');
    await expect(deliver(aNotification(), ports)).rejects.toThrow(TransientError);
    ports.advance(untilItComesAgain);
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(2);
    expect(outcomes(ports.kept)).toEqual(['sent']);
  });

  it('twice over leaves it unknown for good, however often the message comes and the end of it crashes', async () => {
    const ports = mail(subscriber);
    ports.crashes = 3;
    for (let times = 0; times < 3; times += 1) {
      await expect(deliver(aNotification(), ports)).rejects.toThrow('died');
      ports.advance(untilItComesAgain);
    }
    await deliver(aNotification(), ports);
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(2);
    expect(outcomes(ports.kept)).toEqual(['unknown']);
    expect(ports.measured).toEqual(['Undeliverable']);
  });

  it('twice over is counted once, though the message comes twice at once then', async () => {
    const ports = mail(subscriber);
    ports.crashes = 2;
    for (let times = 0; times < 2; times += 1) {
      await expect(deliver(aNotification(), ports)).rejects.toThrow('died');
      ports.advance(untilItComesAgain);
    }
    await Promise.all([deliver(aNotification(), ports), deliver(aNotification(), ports)]);
    expect(ports.measured).toEqual(['Undeliverable']);
  });

  it('never has a promotion sent again', async () => {
    const ports = mail(subscriber);
    ports.crashes = 1;
    await expect(deliver(promotion, ports)).rejects.toThrow('died');
    ports.advance(untilItComesAgain);
    await deliver(promotion, ports);
    expect(ports.sent).toHaveLength(1);
    expect(outcomes(ports.kept)).toEqual(['unknown']);
  });
});

describe('a provider that does not answer', () => {
  const subscriber = { ...ann, preferences: { newsletterOptIn: true } };

  it.each([
    ['an order', aNotification()],
    ['a login', { ...code, channel: 'email' } as const],
  ])('is asked once more for a message about %s, and no more when it answers', async (_what, message) => {
    const ports = mail(ann);
    ports.replies.push(unknown);
    await expect(deliver(message, ports)).rejects.toThrow(TransientError);
    ports.advance(untilItComesAgain);
    await deliver(message, ports);
    await deliver(message, ports);
    expect(ports.sent).toHaveLength(1);
    expect(outcomes(ports.kept)).toEqual(['sent']);
    expect(ports.measured).toEqual([]);
  });

  it('nor then has the message done with as unknown, which is counted, and sends it no more', async () => {
    const ports = mail(ann);
    ports.replies.push(unknown, unknown);
    await expect(deliver(aNotification(), ports)).rejects.toThrow(TransientError);
    ports.advance(untilItComesAgain);
    await deliver(aNotification(), ports);
    await deliver(aNotification(), ports);
    expect(ports.sent).toEqual([]);
    expect(outcomes(ports.kept)).toEqual(['unknown']);
    expect(ports.measured).toEqual(['Undeliverable']);
  });

  it('has its two tries, though others before, between and after were surely not sent', async () => {
    const ports = mail(ann);
    const unverified = new Error('MessageRejected');
    ports.replies.push(unverified, unknown, throttled, throttled, throttled, unverified, unknown);
    for (let times = 0; times < 4; times += 1) {
      await expect(deliver(aNotification(), ports)).rejects.toThrow();
      ports.advance(untilItComesAgain);
    }
    await deliver(aNotification(), ports);
    expect(ports.replies).toEqual([]);
    expect(ports.sent).toEqual([]);
    expect(outcomes(ports.kept)).toEqual(['unknown']);
  });

  it('is not asked again for a promotion, but one that was refused for now is sent', async () => {
    const lost = mail(subscriber);
    lost.replies.push(unknown);
    await deliver(promotion, lost);
    await deliver(promotion, lost);
    expect(lost.sent).toEqual([]);
    expect(outcomes(lost.kept)).toEqual(['unknown']);
    const busy = mail(subscriber);
    busy.replies.push(throttled, throttled, throttled, new TransientError('no connection'));
    await expect(deliver(promotion, busy)).rejects.toThrow(TransientError);
    await expect(deliver(promotion, busy)).rejects.toThrow(TransientError);
    await deliver(promotion, busy);
    expect(busy.sent).toHaveLength(1);
  });

  it('keeps a second delivery of the same message waiting while its answer may still come', async () => {
    const ports = mail(ann);
    let answer = (_: typeof unknown) => {};
    const sender = { send: () => new Promise<typeof unknown>((resolve) => (answer = resolve)) };
    const first = deliver(aNotification(), { ...ports, sender });
    await expect(deliver(aNotification(), ports)).rejects.toThrow(TransientError);
    answer(unknown);
    await expect(first).rejects.toThrow(TransientError);
    expect(ports.sent).toEqual([]);
  });
});

describe('a Lambda whose time runs out', () => {
  const staff = ['one', 'two', 'three'].map((userId) => aUser({ userId, role: 'Manager' }));

  it('begins no send that it could not see the end of, and leaves it to the next', async () => {
    const ports = mail(...staff);
    const { send } = ports.sender;
    const slow = {
      send: async (...given: Parameters<typeof send>) => {
        ports.advance(4_000);
        return send(...given);
      },
    };
    await expect(deliver(lowStock, { ...ports, sender: slow })).rejects.toThrow(TransientError);
    expect(addresses(ports.sent)).toEqual(['one@example.com', 'two@example.com']);
    await deliver(lowStock, { ...ports, sender: slow });
    expect(addresses(ports.sent)).toEqual(['one@example.com', 'two@example.com', 'three@example.com']);
  });

  it('gives back a claim that took too long, and asks a throttled sender no more', async () => {
    const late = mail(ann);
    const { claim } = late.records;
    const records = {
      ...late.records,
      claim: async (...given: Parameters<typeof claim>) => {
        late.advance(6_001);
        return claim(...given);
      },
    };
    await expect(deliver(aNotification(), { ...late, records })).rejects.toThrow(TransientError);
    expect([late.sent, [...late.kept.values()].map(({ sends }) => sends)]).toEqual([[], [0]]);
    const throttling = mail(ann);
    throttling.replies.push(throttled, throttled);
    const pause = async () => throttling.advance(6_001);
    await expect(deliver(aNotification(), { ...throttling, pause })).rejects.toThrow(TransientError);
    expect(throttling.replies).toHaveLength(1);
  });
});

describe('a provider that takes no more for a moment', () => {
  it('is asked again under the same claim, and costs the queue no try', async () => {
    const ports = mail(ann);
    ports.replies.push(throttled, throttled);
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(1);
    expect(ports.pauses).toEqual([500, 1_500]);
    expect(outcomes(ports.kept)).toEqual(['sent']);
  });
});

describe('a mailing', () => {
  const subscriber = { ...ann, preferences: { newsletterOptIn: true } };

  it('goes out slowly, and nothing else does', async () => {
    const ports = mail(subscriber);
    await deliver(promotion, ports);
    expect(ports.pauses).toEqual([500]);
    await deliver(promotion, ports);
    await deliver(aNotification(), ports);
    expect(ports.pauses).toEqual([500]);
  });

  it('loses nobody whose claim was taken without our learning of it', async () => {
    const ports = mail(subscriber);
    const { claim } = ports.records;
    let lost = 1;
    const records = {
      ...ports.records,
      async claim(...given: Parameters<typeof claim>) {
        const answer = await claim(...given);
        if (lost-- > 0) throw new TransientError('no answer');
        return answer;
      },
    };
    await expect(deliver(promotion, { ...ports, records })).rejects.toThrow('no answer');
    await deliver(promotion, { ...ports, records });
    expect(ports.sent).toHaveLength(1);
  });
});

describe('whom the provider does not take', () => {
  const refused = { status: 'undeliverable', reason: 'BadRequestException' } as const;

  it('is counted, so that many at once are noticed; who is mailed is not', async () => {
    const ports = mail(ann);
    await deliver(aNotification(), ports);
    expect(ports.measured).toEqual([]);
    ports.replies.push(refused);
    await deliver(aNotification({ notificationId: 'other' }), ports);
    expect(ports.measured).toEqual(['Undeliverable']);
  });

  it('is counted once, though it could not be noted at first', async () => {
    const ports = mail(ann);
    ports.crashes = 1;
    ports.replies.push(refused, refused);
    await expect(deliver(aNotification(), ports)).rejects.toThrow('died');
    expect(ports.measured).toEqual([]);
    ports.advance(untilItComesAgain);
    await deliver(aNotification(), ports);
    expect(ports.measured).toEqual(['Undeliverable']);
  });
});

describe('who is not sent a message', () => {
  const lines = async (user: User, message: ReceivedNotification) => {
    const log = { debug: vi.spyOn(logger, 'debug'), info: vi.spyOn(logger, 'info') };
    await deliver(message, mail(user));
    const reasons = (spy: typeof log.info) =>
      spy.mock.calls.filter(([text]) => text === 'notification skipped').map(([, facts]) => facts);
    const seen = { debug: reasons(log.debug), info: reasons(log.info) };
    vi.restoreAllMocks();
    return seen;
  };

  it('is no news if there is nowhere to send it, and is if they have not subscribed', async () => {
    const unreachable = await lines({ ...ann, email: 'no address' }, aNotification());
    expect(unreachable).toMatchObject({ debug: [{ reason: 'no_address' }], info: [] });
    expect(await lines(ann, promotion)).toMatchObject({ debug: [], info: [{ reason: 'not_opted_in' }] });
  });
});
