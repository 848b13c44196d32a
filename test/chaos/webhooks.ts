import { gatewayEvent } from '../support/gateway-event.ts';
import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';
import type { Provider } from './provider.ts';
import type { Rng } from './random.ts';

const tries = 6;

/**
 * Stripe's deliveries: each event some seconds after it came about, in whatever order, now and then twice, and again
 * after an error or no answer.
 */
export function createWebhooks(kernel: Kernel, lambdas: Lambdas, { stripe }: Provider, rng: Rng) {
  let seen = 0;
  let open = 0;

  const deliverOnce = async (index: number): Promise<boolean> => {
    const event = stripe.events()[index];
    if (!event) return true;
    const { body, headers } = stripe.sign(event);
    const parts = { method: 'POST', resource: '/order/payment-webhook', text: body, headers };
    const outcome = await lambdas.invoke('payment-webhook', gatewayEvent(parts), `${event.type} ${event.id}`);
    const status = outcome.ok ? (outcome.output as { statusCode: number }).statusCode : 502;
    kernel.note('webhook', event.id, status);
    if (status >= 400 && status < 500 && status !== 409 && status !== 429) {
      kernel.break(new Error(`Stripe's event ${event.type} was refused: ${JSON.stringify(outcome)}`));
    }
    return status < 300;
  };

  const deliver = async (index: number): Promise<void> => {
    open += 1;
    let wait = 5_000;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      await kernel.sleep(attempt === 0 ? rng.next() * (rng.chance(0.1) ? 120_000 : 4_000) : wait);
      if (await deliverOnce(index)) break;
      wait *= 3;
    }
    open -= 1;
  };

  return {
    /** Sends what has come about since it was called last. */
    poll(): void {
      const { length } = stripe.events();
      for (; seen < length; seen += 1) {
        void deliver(seen);
        if (rng.chance(0.05)) void deliver(seen);
      }
    },
    isQuiet: () => open === 0 && seen === stripe.events().length,
  };
}
