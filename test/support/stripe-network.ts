import { vi } from 'vitest';
import { createStripeClients, type StripeSecret } from '../../shared/adapters/stripe/client.ts';
import { createStripeCustomers } from '../../shared/adapters/stripe/customers.ts';
import { createStripeLookup } from '../../shared/adapters/stripe/lookup.ts';
import { createStripeProvider } from '../../shared/adapters/stripe/provider.ts';
import { createStripeDouble, type StripeRequest, type StripeResponse } from './stripe-double.ts';

export type StripeStep =
  | 'customer'
  | 'create'
  | 'confirm'
  | 'capture'
  | 'cancel'
  | 'refund'
  | 'retrieve'
  | 'search'
  | 'list';

/**
 * `lose-answer` does the work and breaks the connection, `lose-request` breaks it before, `delay` breaks it and
 * lets the request arrive when the test says so, a number answers with that status and does nothing, `fails-late`
 * does the work and answers 500. Stripe keeps such answers under the request's key.
 */
export type Fate = 'lose-answer' | 'lose-request' | 'delay' | 'fails-late' | number;

export const doubleSecret: StripeSecret = { secretKey: 'sk_test_double', webhookSecrets: ['whsec_double'] };

/** The Stripe adapter on the double, in memory, over a network that does what a test tells it to. */
export function stripeOverNetwork(tag = '') {
  let time = Date.UTC(2026, 0, 1);
  const double = createStripeDouble({ now: () => time, tag });
  const fates: { step: StripeStep; fate: Fate }[] = [];
  let delayed: StripeRequest[] = [];
  let atStep: { step: StripeStep; run: () => Promise<void> } | undefined;

  const send: typeof fetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const request = {
      method: init.method ?? 'GET',
      path: `${url.pathname}${url.search}`,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof init.body === 'string' ? init.body : '',
    };
    const step = stepOf(request);
    if (atStep?.step === step) {
      const { run } = atStep;
      atStep = undefined;
      await run();
    }
    const index = fates.findIndex((told) => told.step === step);
    const fate = index < 0 ? undefined : fates.splice(index, 1)[0]?.fate;
    if (fate === 'lose-request') throw new TypeError('fetch failed');
    if (fate === 'delay') {
      delayed.push(request);
      throw new TypeError('fetch failed');
    }
    const answer =
      typeof fate === 'number'
        ? double.fail(request, fate)
        : fate === 'fails-late'
          ? double.fail(request, 500, 'done')
          : double.handle(request);
    if (fate === 'lose-answer') throw new TypeError('fetch failed');
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };
  vi.stubGlobal('fetch', send);
  const clients = createStripeClients(async () => doubleSecret, {});
  let chance = 0;
  const effects = {
    clock: { now: () => new Date(time) },
    random: () => {
      chance += 1;
      return chance / 1_000_003;
    },
  };
  return {
    double,
    provider: createStripeProvider(clients, effects),
    customers: createStripeCustomers(clients, effects),
    lookup: createStripeLookup(clients, effects),
    /** The next request of this step meets this fate. */
    next(step: StripeStep, fate: Fate) {
      fates.push({ step, fate });
    },
    /** Runs something right before the next request of this step arrives. */
    before(step: StripeStep, run: () => Promise<void>) {
      atStep = { step, run };
    },
    /** Lets every delayed request arrive, to nobody. */
    land(): StripeResponse[] {
      return delayed.splice(0).map((request) => double.handle(request));
    },
    /** A copy of what Stripe and the network hold, and how to go back to it. */
    save() {
      const account = double.snapshot();
      const waiting = [...delayed];
      return () => {
        double.restore(account);
        delayed = [...waiting];
      };
    },
    now: () => new Date(time),
    pass(milliseconds: number) {
      time += milliseconds;
    },
    /** How many requests of a step reached the double. */
    count: (step: StripeStep) => double.seen.filter((request) => stepOf(request) === step).length,
  };
}

export type StripeOverNetwork = ReturnType<typeof stripeOverNetwork>;

function stepOf({ method, path }: StripeRequest): StripeStep {
  const [, , resource, id, action] = path.split('?')[0]?.split('/') ?? [];
  if (resource === 'refunds') return method === 'GET' ? 'list' : 'refund';
  if (resource === 'customers') return 'customer';
  if (id === 'search') return 'search';
  if (method === 'GET') return 'retrieve';
  const known = (['confirm', 'capture', 'cancel'] as const).find((name) => name === action);
  return known ?? 'create';
}
