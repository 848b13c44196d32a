import Stripe from 'stripe';
import * as z from 'zod';

/** The version that requests, answers and webhook events are written for. */
export const stripeApiVersion = '2026-10-28.endive';

/**
 * The stage’s Stripe secret. `webhookSecrets` has one entry for each endpoint, and two while one is rolled: an
 * event is good when any of them signed it.
 */
export const stripeSecretSchema = z.object({
  secretKey: z.string().regex(/^[sr]k_/, 'must be a secret or a restricted key'),
  webhookSecrets: z.array(z.string().startsWith('whsec_')),
});
export type StripeSecret = z.infer<typeof stripeSecretSchema>;

/** Another host than api.stripe.com, for tests and the local runtime: `http://127.0.0.1:12111`. */
export const stripeHostSchema = z
  .url({ protocol: /^https?$/ })
  .optional()
  .transform((url) => {
    if (url === undefined) return {};
    const { hostname, port, protocol } = new URL(url);
    return {
      host: hostname,
      protocol: protocol === 'http:' ? ('http' as const) : ('https' as const),
      ...(port === '' ? {} : { port }),
    };
  });
export type StripeHost = z.infer<typeof stripeHostSchema>;

/** Milliseconds that one call may take at most. */
export const callTimeouts = { confirm: 7_000, other: 2_500 } as const;

/**
 * Milliseconds that all calls of a step may take together. An undo is a void and a refund. With DynamoDB's they
 * stay below the 15 seconds of the workflow's Lambdas, so that a slow Stripe is reported by us and not by Lambda's
 * own time-out, which would not say what was slow.
 */
export const stepBudgets = {
  customer: 2_500,
  authorize: 10_000,
  capture: 12_000,
  void: 4_500,
  refund: 8_500,
  look: 5_000,
} as const;

export type StripeClients = () => Promise<Stripe>;

/**
 * Makes the client at the first call and again when the secret has changed. It does not repeat calls by itself:
 * the state machine does, with back-off, and with a record of each attempt.
 * @param readSecret reads the secret, from its own short cache
 */
export function createStripeClients(
  readSecret: () => Promise<StripeSecret>,
  host: StripeHost,
): StripeClients {
  let kept: { key: string; client: Stripe } | undefined;
  return async () => {
    const { secretKey } = await readSecret();
    if (kept?.key !== secretKey) kept = { key: secretKey, client: createStripe(secretKey, host) };
    return kept.client;
  };
}

/** A client that makes each call once. The key may be of no use where only signatures are checked. */
export function createStripe(secretKey: string, host: StripeHost = {}): Stripe {
  return new Stripe(secretKey, {
    apiVersion: stripeApiVersion,
    // Global fetch as it is at each call, where the library would keep the one that it finds now.
    httpClient: Stripe.createFetchHttpClient((...request: Parameters<typeof fetch>) => fetch(...request)),
    maxNetworkRetries: 0,
    timeout: callTimeouts.other,
    telemetry: false,
    ...host,
  });
}
