import * as z from 'zod';
import { nonEmptyIfSet } from '../../config/environment.ts';
import { createSecretReader, createSecretsClient } from '../secrets.ts';
import { type StripeSecret, stripeHostSchema, stripeSecretSchema } from './client.ts';

/** Settings of the Lambdas that know the payment provider; a sandbox stage has no secret. */
export const paymentEnvironment = {
  PAYMENT_PROVIDER: z.enum(['sandbox', 'stripe']),
  STRIPE_SECRET_ARN: nonEmptyIfSet,
  /** Set by the local runtime alone. */
  STRIPE_API_URL: stripeHostSchema,
};

/** Reads the stage's Stripe secret, at most every ten minutes and container. */
export function stripeSecretReader(
  secretArn: string | undefined,
  now: () => Date,
): () => Promise<StripeSecret> {
  if (secretArn === undefined) {
    throw new Error('This Lambda was not given the secret that Stripe needs');
  }
  return createSecretReader(createSecretsClient(), secretArn, stripeSecretSchema, now);
}
