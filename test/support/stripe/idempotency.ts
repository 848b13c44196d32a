import type { Books, StripeRequest, StripeResponse } from './account.ts';

/** Stripe forgets a key after a day at the earliest; the double does it then. */
export const keyMilliseconds = 24 * 60 * 60 * 1000;

export type Keyed =
  | { readonly answer: StripeResponse }
  | { readonly keep: (answer: StripeResponse) => StripeResponse };

/**
 * Stripe's idempotency of POST: the same key and parameters repeat the first answer, errors included; other
 * parameters under the key are refused.
 * @see https://docs.stripe.com/api/idempotent_requests
 */
export function lookUpKey({ account, now }: Books, request: StripeRequest): Keyed {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return { keep: (answer) => answer };
  const canonical = canonicalRequest(request);
  const kept = account.keys[key];
  if (kept && now() - kept.createdAt < keyMilliseconds) {
    if (kept.request !== canonical) return { answer: errorAnswer(400, mismatch(key)) };
    return { answer: { ...kept.answer, headers: { ...kept.answer.headers, 'idempotent-replayed': 'true' } } };
  }
  return {
    keep(answer) {
      account.keys[key] = { request: canonical, createdAt: now(), answer };
      return answer;
    },
  };
}

/** Statuses that Stripe does not keep: the request was not worked on. */
const unkept = [401, 409, 429];

/** An error answer on purpose, kept under the request's key as Stripe keeps what it has begun to work on. */
export function failureAnswer(books: Books, request: StripeRequest, status: number): StripeResponse {
  const answer = errorAnswer(status, { type: 'api_error', message: 'on purpose' });
  const keyed = lookUpKey(books, request);
  if ('answer' in keyed) return keyed.answer;
  return unkept.includes(status) ? answer : keyed.keep(answer);
}

export function idempotencyKeyOf({ method, headers = {} }: StripeRequest): string | undefined {
  if (method !== 'POST') return undefined;
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'idempotency-key');
  return found?.[1];
}

/** Another request under the same key is still at work. Nothing is kept of this answer. */
export function inFlightAnswer(): StripeResponse {
  return errorAnswer(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: 'There is currently another in-progress request using this Idempotent Key.',
  });
}

export function errorAnswer(status: number, error: Readonly<Record<string, unknown>>): StripeResponse {
  return jsonAnswer(status, { error });
}

export function jsonAnswer(status: number, body: unknown): StripeResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function mismatch(key: string) {
  return {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}'.`,
  };
}

function canonicalRequest({ method, path, body = '' }: StripeRequest): string {
  const parameters = [...new URLSearchParams(body)].map(([name, value]) => `${name}=${value}`).sort();
  return `${method} ${path} ${parameters.join('&')}`;
}
