import type { Operations } from '../api/route.ts';
import { EventRefusedError } from './payment-provider.ts';
import type { paymentRoutes } from './payment-routes.ts';
import { type ReconcilePaymentPorts, reconcilePayment } from './reconcile-payment.ts';
import { receivePaymentEvent, type WebhookPorts } from './webhook.ts';

type PaymentOperations = Operations<typeof paymentRoutes>;

/** The use cases behind the payment routes. */
export function paymentOperations(
  ports: ReconcilePaymentPorts & Pick<WebhookPorts, 'readEvent'>,
): PaymentOperations {
  return receiving({ ...ports, reconcile: (paymentId) => reconcilePayment(paymentId, ports) });
}

/** Of a stage whose provider sends no events: whatever comes is not from it. */
export const refuseEveryEvent: PaymentOperations = receiving({
  readEvent: async () => {
    throw new EventRefusedError('The provider of this stage sends no events');
  },
  reconcile: async () => ({ reconciled: 'nothing' }),
  once: { claim: async () => 'done', complete: async () => undefined, release: async () => undefined },
  clock: { now: () => new Date() },
});

function receiving(ports: WebhookPorts): PaymentOperations {
  return {
    async receivePaymentEvent({ signed }) {
      await receivePaymentEvent(signed, ports);
      return { body: { received: true } };
    },
  };
}
