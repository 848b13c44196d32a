import {
  type Books,
  emptyAccount,
  type StripeAccount,
  type StripeEvent,
  StripeRefusal,
  type StripeRequest,
  type StripeResponse,
} from './account.ts';
import { type SignedEvent, signEvent } from './events.ts';
import { listField, parseForm } from './form.ts';
import {
  errorAnswer,
  failureAnswer,
  idempotencyKeyOf,
  inFlightAnswer,
  jsonAnswer,
  lookUpKey,
} from './idempotency.ts';
import { cancelIntent, captureIntent, expireAuthorizations } from './intents.ts';
import { ledgerOf } from './ledger.ts';
import { createRefund, openDispute, settleRefund } from './refunds.ts';
import { routeRequest } from './routes.ts';

export interface StripeDoubleOptions {
  /** Milliseconds since 1970; keys and authorizations grow old by it. */
  readonly now: () => number;
  /** Signing secrets of the webhook endpoint. */
  readonly webhookSecrets?: readonly string[];
  /** A key that the double knows; any `Bearer sk_test_…` or `rk_test_…` when none is given. */
  readonly apiKey?: string;
  /** Part of every id, where several doubles feed one shop. */
  readonly tag?: string;
}

/** A request that has reached Stripe and is at work: its effect happens when `finish` is called. */
export interface OpenRequest {
  finish(): StripeResponse;
}

/**
 * Stripe's part of a payment, in memory and deterministic: it has no timer, no clock and no randomness of its
 * own. `handle` does a request at once; `open` and `finish` let a test hold one in flight, lose its answer
 * (finish it and drop the result) or never let it arrive (do not open it).
 */
export function createStripeDouble(options: StripeDoubleOptions) {
  const { now, webhookSecrets = ['whsec_double'] } = options;
  const books = { account: emptyAccount(), now, tag: options.tag ?? '' };
  const inFlight = new Set<string>();
  const seen: StripeRequest[] = [];

  const open = (request: StripeRequest): OpenRequest => {
    seen.push(request);
    const key = idempotencyKeyOf(request);
    if (key !== undefined && inFlight.has(key)) return { finish: inFlightAnswer };
    if (key !== undefined) inFlight.add(key);
    let answer: StripeResponse | undefined;
    return {
      finish() {
        if (key !== undefined) inFlight.delete(key);
        answer ??= work(books, request, options.apiKey);
        return answer;
      },
    };
  };
  const intentsOf = (orderId: string) =>
    Object.values(books.account.intents).filter((intent) => intent.metadata.orderId === orderId);

  return {
    /** Does a request and answers it. */
    handle: (request: StripeRequest): StripeResponse => open(request).finish(),
    open,
    /** Fails a request on purpose, without its effect or after it; the key remembers the failure. */
    fail(request: StripeRequest, status: number, effect: 'none' | 'done' = 'none'): StripeResponse {
      seen.push(request);
      const answer = failureAnswer(books, request, status);
      if (effect === 'done' && answer.headers['idempotent-replayed'] === undefined) {
        answerOf(books, request);
      }
      return answer;
    },
    /** Every request that arrived, in order. */
    seen,
    customers: () => Object.values(books.account.customers),
    intents: () => Object.values(books.account.intents),
    intentsOf,
    refunds: () => Object.values(books.account.refunds),
    events: () => [...books.account.events],
    /** An order's money in Stripe's minor units. */
    ledger: (orderId: string) => ledgerOf(books.account, { orderId }),
    intentLedger: (intentId: string) => ledgerOf(books.account, { intentId }),
    /** Signs an event for delivery, now or at the time that is named, with our secrets or with others. */
    sign(event: StripeEvent, how: { at?: number; secrets?: readonly string[] } = {}): SignedEvent {
      return signEvent(event, how.secrets ?? webhookSecrets, how.at ?? now());
    },
    /** What staff do in the dashboard, and what banks and cardholders do. */
    dashboard: {
      refund: (intentId: string, amount?: number) =>
        createRefund(books, {
          payment_intent: intentId,
          ...(amount === undefined ? {} : { amount: String(amount) }),
        }),
      cancel: (intentId: string) => cancelIntent(books, intentId, 'requested_by_customer'),
      capture: (intentId: string) => captureIntent(books, intentId),
    },
    settleRefund: (id: string, status: 'succeeded' | 'failed') => settleRefund(books, id, status),
    dispute: (intentId: string) => openDispute(books, intentId),
    /** Lets authorizations lapse that are seven days old; requests do it too. */
    expire: () => expireAuthorizations(books),
    snapshot: (): StripeAccount => structuredClone(books.account),
    restore(account: StripeAccount) {
      books.account = structuredClone(account);
      inFlight.clear();
    },
  };
}

export type StripeDouble = ReturnType<typeof createStripeDouble>;

function work(books: Books, request: StripeRequest, apiKey: string | undefined): StripeResponse {
  if (!isKnownKey(request, apiKey)) {
    return errorAnswer(401, { type: 'invalid_request_error', message: 'Invalid API Key provided.' });
  }
  expireAuthorizations(books);
  const keyed = lookUpKey(books, request);
  if ('answer' in keyed) return keyed.answer;
  return keyed.keep(answerOf(books, request));
}

function answerOf(books: Books, request: StripeRequest): StripeResponse {
  const [path = '', query = ''] = request.path.split('?');
  const form = parseForm(request.method === 'POST' ? (request.body ?? '') : query);
  try {
    return jsonAnswer(200, routeRequest(books, request.method, path, form, listField(form, 'expand')));
  } catch (error) {
    if (error instanceof StripeRefusal) return errorAnswer(error.status, error.error);
    throw error;
  }
}

function isKnownKey({ headers = {} }: StripeRequest, apiKey: string | undefined): boolean {
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '';
  return apiKey === undefined ? /^Bearer (sk|rk)_test_/.test(given) : given === `Bearer ${apiKey}`;
}
