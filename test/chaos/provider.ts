import {
  createStripeDouble,
  errorAnswer,
  type StripeDouble,
  type StripeResponse,
} from '../support/stripe-double.ts';
import type { Kernel } from './kernel.ts';

export interface Provider {
  readonly stripe: StripeDouble;
  /** Stands for the Lambdas' `fetch`: every request to the provider is a call of a port. */
  readonly fetch: (input: unknown, init?: unknown) => Promise<unknown>;
}

interface RequestInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Stripe's double behind virtual time and faults: 5xx, a reset connection, a request still in flight. */
export function createProvider(kernel: Kernel): Provider {
  const stripe = createStripeDouble({ now: () => kernel.clock.now });
  return {
    stripe,
    fetch(input, given = {}) {
      const { method = 'GET', headers, body } = given as RequestInit;
      const url = new URL(String(input));
      const path = `${url.pathname}${url.search}`;
      const request = { method, path, headers: Object.fromEntries(new Headers(headers)), body: body ?? '' };
      const key = request.headers['idempotency-key'] ?? '';
      return kernel.call({
        service: 'provider',
        operation: method,
        about: `${path} ${key}`,
        perform: () => toResponse(lagging(stripe.handle(request), path, kernel.clock.now)),
        failure(kind, rng) {
          if (kind === 'conflict') return toResponse(inFlight);
          if (kind === 'refused' && rng.chance(0.6)) return toResponse(rng.pick(refusals));
          throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
        },
      });
    },
  };
}

/** Stripe's search finds what is new only after up to a minute; here it is always the whole of it. */
function lagging(answer: StripeResponse, path: string, now: number): StripeResponse {
  if (!path.startsWith('/v1/payment_intents/search')) return answer;
  const found = JSON.parse(answer.body) as { data: { created: number }[] };
  const data = found.data.filter(({ created }) => created * 1_000 <= now - 60_000);
  return { ...answer, body: JSON.stringify({ ...found, data }) };
}

const refusals = [
  errorAnswer(500, { type: 'api_error', message: 'An error occurred.' }),
  errorAnswer(503, { type: 'api_error', message: 'Unavailable.' }),
  errorAnswer(429, { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests.' }),
];
const inFlight = errorAnswer(409, {
  type: 'idempotency_error',
  code: 'idempotency_key_in_use',
  message: 'There is currently another in-progress request using this Idempotent Key.',
});

/** As much of a Response as Stripe's library reads, without Node's streams and their own timing. */
function toResponse({ status, headers, body }: StripeResponse) {
  return {
    status,
    ok: status < 400,
    headers: new Headers(headers),
    text: () => Promise.resolve(body),
    json: () => Promise.resolve(body).then((text) => JSON.parse(text) as unknown),
  };
}
