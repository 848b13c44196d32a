import { describe, expect, it } from 'vitest';
import { render } from '../../../shared/notifications/deliver.ts';
import { formatAmount } from '../../../shared/notifications/format-amount.ts';
import {
  type AudienceRole,
  audienceOf,
  type Channel,
  type NotificationType,
  notificationEvents,
} from '../../../shared/notifications/notification.ts';
import type { EventTexts } from '../../../shared/notifications/templates/template.ts';
import { failureCodes } from '../../../shared/orders/order.ts';
import { aNotification } from '../../support/notification-fakes.ts';

const attack = `<b onclick="x('1')">&`;
const money = { total: '1999', currency: 'USD' };
const facts: Record<NotificationType, Record<string, string>> = {
  order_confirmation: money,
  order_partial: money,
  order_failed: { failureCode: 'payment_declined' },
  order_cancelled: { failureCode: 'cancelled' },
  order_refunded: { failureCode: 'refunded' },
  order_on_hold: { ...money, reasons: attack, explanation: attack },
  payment_alert: { happened: 'disputed', refunded: '0', currency: 'USD' },
  order_approved: {},
  order_shipped: {},
  order_delivered: {},
  low_stock: { productId: 'product-1', name: attack, availableCount: '2', threshold: '3' },
  mfa_code: { code: '123456', expiresAt: '2026-03-01T12:10:00.000Z' },
  promotion: { code: 'SPRING', kind: 'fixed', value: '500', currency: 'JPY' },
};
const roles: readonly AudienceRole[] = ['Customer', 'Manager', 'Admin'];
const all = Object.keys(facts).flatMap((name) => {
  const type = name as NotificationType;
  return roles.flatMap((role) =>
    (audienceOf(type, role)?.channels ?? []).map((channel) => [type, role, channel] as const),
  );
});

const rendered = <C extends Channel>(
  type: NotificationType,
  role: AudienceRole,
  channel: C,
  data = facts[type],
  name?: string,
) =>
  render(
    aNotification({ type, role, data, orderId: '01M828SQS4E2FSK8D67XN3QD9Z' }),
    channel,
    name === undefined ? {} : { name },
  );

describe('a text', () => {
  it('is there for every event, role and channel, and says nothing undefined', () => {
    expect(all.length).toBeGreaterThan(30);
    for (const [type, role, channel] of all) {
      const texts = Object.values(rendered(type, role, channel, facts[type], 'Ann'));
      for (const text of texts) {
        expect(text.trim().length, `${type} ${role} ${channel}`).toBeGreaterThan(5);
        expect(text, `${type} ${role} ${channel}`).not.toMatch(/undefined|null|NaN|\[object/);
      }
    }
  });

  it('is refused when the message lacks its facts', () => {
    expect(() => rendered('low_stock', 'Manager', 'email', {})).toThrow(/productId/);
    expect(() => rendered('order_failed', 'Customer', 'email', { failureCode: 'whatever' })).toThrow();
  });

  it.each(failureCodes)('says what %s means, by mail and by text message', (failureCode) => {
    const { subject, text } = rendered('order_failed', 'Customer', 'email', { failureCode });
    expect(text).not.toContain(failureCode);
    expect(rendered('order_failed', 'Customer', 'sms', { failureCode }).text).toContain(subject);
  });

  it('names money as people of any currency read it', () => {
    expect(rendered('order_confirmation', 'Customer', 'email').text).toContain('your payment of $19.99');
    expect(formatAmount('1999', 'JPY')).toBe('¥1,999');
    expect(formatAmount('1999', 'KWD')).toMatch(/^KWD\s1\.999$/);
    expect(formatAmount('5', 'EUR')).toBe('€0.05');
    // A float would round this one.
    expect(formatAmount('9007199254740991', 'USD')).toBe('$90,071,992,547,409.91');
    expect(() => formatAmount('19.99', 'USD')).toThrow(RangeError);
  });

  it('does without an amount that an older checkout did not send', () => {
    expect(rendered('order_confirmation', 'Customer', 'email', {}).text).toContain(
      'received your payment, and',
    );
  });

  it('by text message is one message', () => {
    for (const [type, role, channel] of all.filter(([, , of]) => of === 'sms')) {
      const { text } = rendered(type, role, channel as 'sms');
      expect(text.length, text).toBeLessThanOrEqual(160);
      // The GSM alphabet, as far as we use it: one letter beyond it halves the length.
      expect(text, text).toMatch(/^[\w $£¥€@!"#%&'()*+,\-./:;<=>?]*$/);
    }
  });

  it.each(['INR', 'KRW', 'KWD', 'VND', 'EUR', 'USD'])(
    'by text message keeps to the GSM alphabet in %s too, as one message',
    (currency) => {
      const { text } = rendered('order_partial', 'Customer', 'sms', { total: '123456789', currency });
      expect(text, text).toMatch(/^[\w $£¥€:.,]*$/);
      expect(text.length).toBeLessThanOrEqual(160);
      if (currency === 'INR') expect(text).toContain('of INR 1,234,567.89 received');
    },
  );

  it('of a promotion has its terms: minimum, currency, limits and end', () => {
    const terms = {
      code: 'SPRING',
      kind: 'percent',
      value: '10',
      minimum: '5000',
      minimumCurrency: 'EUR',
      currency: 'EUR',
      maxUses: '100',
      maxUsesPerUser: '1',
      expiresAt: '2026-03-31T21:59:59.000Z',
    };
    for (const { text } of [
      rendered('promotion', 'Customer', 'email', terms),
      { text: rendered('promotion', 'Customer', 'push', terms).body },
    ]) {
      expect(text).toContain('orders of €50.00 or more');
      expect(text).toContain('orders in EUR');
      expect(text).toContain('use it once');
      expect(text).toContain('100 times in all');
      expect(text).toContain('until March 31, 2026, 21:59 UTC');
    }
    const first = { ...terms, firstOrderOnly: 'true' };
    expect(rendered('promotion', 'Customer', 'email', first).text).toContain('for your first order');
  });

  it('has its code where telephones look for one, and says when it ends', () => {
    expect(rendered('mfa_code', 'Manager', 'sms').text).toMatch(/^123456 .*12:10 UTC/);
  });
});

describe('what somebody typed', () => {
  it('is text in a mail, whatever it looks like', () => {
    const stock = rendered('low_stock', 'Manager', 'email');
    expect(stock.html).not.toContain('<b onclick');
    expect(stock.html).toContain('&#60;b onclick=&#34;x(&#39;1&#39;)&#34;&#62;&#38;');
    expect(stock.text).toContain(attack);
    expect(rendered('order_on_hold', 'Manager', 'email').html).not.toContain('<b onclick');
    expect(rendered('order_shipped', 'Customer', 'email', {}, attack).html).not.toContain('<b onclick');
  });

  it('makes no line of its own, in no subject and no mail', () => {
    const name = 'Thing\r\nBcc: all@example.com\u2028more';
    const data = { ...facts.low_stock, name };
    const { subject, text } = rendered('low_stock', 'Manager', 'email', data);
    expect(subject).toBe('Low stock: Thing Bcc: all@example.com more');
    expect(text.split('\n')).not.toContain('Bcc: all@example.com');
  });
});

describe('the table of events', () => {
  it('compiles only with a text for each of its channels, and for no other', () => {
    const email = () => ({ subject: 'a', paragraphs: [] });
    const push = () => ({ title: 'a', body: 'b' });
    // @ts-expect-error: there is no text message
    const missing: EventTexts<'order_shipped'> = { Customer: { email, push } };
    // @ts-expect-error: nobody is sent a text message about it
    const tooMany: EventTexts<'order_approved'> = { Customer: { email, push, sms: () => 'a' } };
    // @ts-expect-error: the staff have no text
    const noStaff: EventTexts<'order_on_hold'> = { Customer: { email, push } };
    expect([missing, tooMany, noStaff]).toHaveLength(3);
  });

  it('has facts for each', () => {
    expect(Object.keys(facts).sort()).toEqual(Object.keys(notificationEvents).sort());
  });
});
