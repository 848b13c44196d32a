import { createHmac } from 'node:crypto';
import type { StripeEvent } from './account.ts';

export interface SignedEvent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The delivery of an event, signed as Stripe signs it: HMAC-SHA256 of `<time>.<body>`, one `v1` for each secret
 * that is valid while one is rolled.
 * @param at milliseconds since 1970
 */
export function signEvent(event: StripeEvent, secrets: readonly string[], at: number): SignedEvent {
  const body = JSON.stringify(event);
  const time = Math.floor(at / 1000);
  const signatures = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`,
  );
  return {
    body,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Stripe-Signature': [`t=${time}`, ...signatures].join(','),
    },
  };
}
