import type Stripe from 'stripe';
import type { Effects } from '../../effects.ts';
import { TransientError } from '../../errors.ts';
import { callTimeouts, type StripeClients } from './client.ts';
import { asFinal, isRefusal, stripeCall } from './faults.ts';

export type StripeEffects = Pick<Effects, 'clock' | 'random'>;

interface CallOptions {
  /** Milliseconds. */
  readonly timeout: number;
}

/** Stripe for one step of a payment, which has so much time for all its calls together. */
export interface StripeSession {
  readonly stripe: Stripe;
  /** A part of an idempotency key that no other request has. */
  unique(): string;
  /**
   * One call, with what is left of the step's time as its bound. Refusals are thrown as they are.
   * @throws TransientError also when the time is used up
   */
  call<T>(step: string, run: (options: CallOptions) => Promise<T>, longest?: number): Promise<T>;
  /** As `call`, where a refusal means nothing but that something is wrong. @throws StripeRefusedError */
  ask<T>(step: string, run: (options: CallOptions) => Promise<T>): Promise<T>;
}

/** Less than this is not worth beginning a call with. */
const leastMilliseconds = 250;

/** @param milliseconds for all calls of the session together; one of `stepBudgets` */
export async function openSession(
  clients: StripeClients,
  milliseconds: number,
  { clock, random }: StripeEffects,
): Promise<StripeSession> {
  const end = clock.now().getTime() + milliseconds;
  const stripe = await clients();
  const call: StripeSession['call'] = (step, run, longest = callTimeouts.other) => {
    const left = end - clock.now().getTime();
    if (left < leastMilliseconds) throw new TransientError(`Stripe was too slow to ${step} in this attempt`);
    return stripeCall(step, () => run({ timeout: Math.min(longest, left) }));
  };
  return {
    stripe,
    unique: () => random().toString(36).slice(2),
    call: async (...args) => call(...args),
    async ask(step, run) {
      try {
        return await call(step, run);
      } catch (error) {
        throw isRefusal(error) ? asFinal(step, error) : error;
      }
    },
  };
}
