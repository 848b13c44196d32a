import { describe, expect, it } from 'vitest';
import { TransientError } from '../../../shared/errors.ts';
import type { User } from '../../../shared/identity/user.ts';
import { deliver } from '../../../shared/notifications/deliver.ts';
import type { ReceivedNotification } from '../../../shared/notifications/notification.ts';
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
    await ports.records.claim(
      'DELIVERY#email#order-1#order_confirmation#user-1',
      ports.clock.now(),
      new Date('2030-01-01'),
    );
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
    ['an answer that was lost', [new TransientError('SES could not do this now')]],
    ['a sender that is not verified', [new Error('MessageRejected')]],
  ])('after %s sends it at once', async (_what, replies) => {
    const ports = mail(ann);
    ports.replies.push(...replies);
    await expect(deliver(aNotification(), ports)).rejects.toThrow();
    await deliver(aNotification(), ports);
    expect(ports.sent).toHaveLength(1);
  });
});

describe('a crash between sending and noting it', () => {
  const subscriber = { ...ann, preferences: { newsletterOptIn: true } };

  it('has a message about an order sent again, once its claim has ended', async () => {
    const ports = mail(subscriber);
    ports.crashes = 1;
    await expect(deliver(aNotification(), ports)).rejects.toThrow('died');
    await expect(deliver(aNotification(), ports)).rejects.toThrow(TransientError);
    const later = { ...ports, clock: { now: () => new Date(ports.clock.now().getTime() + 90_000) } };
    await deliver(aNotification(), later);
    expect(ports.sent).toHaveLength(2);
  });

  it('never has a promotion sent again', async () => {
    const ports = mail(subscriber);
    ports.crashes = 1;
    await expect(deliver(promotion, ports)).rejects.toThrow('died');
    const later = { ...ports, clock: { now: () => new Date(ports.clock.now().getTime() + 90_000) } };
    await deliver(promotion, later);
    expect(ports.sent).toHaveLength(1);
  });

  it('nor is a promotion whose answer was lost, but one that was throttled is', async () => {
    const lost = mail(subscriber);
    lost.replies.push(new TransientError('no answer'));
    await deliver(promotion, lost);
    await deliver(promotion, lost);
    expect(lost.sent).toEqual([]);
    expect(outcomes(lost.kept)).toEqual(['unknown']);
    const busy = mail(subscriber);
    busy.replies.push(throttled, throttled, throttled);
    await expect(deliver(promotion, busy)).rejects.toThrow(TransientError);
    await deliver(promotion, busy);
    expect(busy.sent).toHaveLength(1);
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
  it('is counted, so that many at once are noticed; who is mailed is not', async () => {
    const ports = mail(ann);
    await deliver(aNotification(), ports);
    expect(ports.measured).toEqual([]);
    ports.replies.push({ status: 'undeliverable', reason: 'BadRequestException' });
    await deliver(aNotification({ notificationId: 'other' }), ports);
    expect(ports.measured).toEqual(['Undeliverable']);
  });
});
