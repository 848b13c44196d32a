import { CaptureRefusedError, type PaymentProvider } from '../../shared/payments/payment-provider.ts';
import type { PaymentRecord, PaymentRecords } from '../../shared/payments/payment-record.ts';

type State = 'authorized' | 'captured' | 'voided' | 'refunded';

/** A provider with a memory, keyed by order as a real one is by idempotency key. */
export function memoryProvider() {
  const payments = new Map<string, State>();
  const calls: string[] = [];
  let refuseCapture = false;
  let loseNextAnswer: string | undefined;
  const answered = <T>(step: string, answer: T): T => {
    calls.push(step);
    if (loseNextAnswer === step) {
      loseNextAnswer = undefined;
      throw new Error(`the answer to ${step} was lost`);
    }
    return answer;
  };
  const provider: PaymentProvider = {
    name: 'memory',
    async authorize({ orderId }) {
      if (!payments.has(orderId)) payments.set(orderId, 'authorized');
      return answered('authorize', {
        status: 'authorized' as const,
        paymentId: `pay-${orderId}`,
        fraudFlag: false,
      });
    },
    async capture({ orderId }) {
      if (refuseCapture) throw new CaptureRefusedError('expired');
      if (payments.get(orderId) === 'authorized') payments.set(orderId, 'captured');
      answered('capture', undefined);
    },
    async void({ orderId }) {
      const state = payments.get(orderId);
      if (state === 'captured') return answered('void', 'captured' as const);
      if (state === 'authorized') payments.set(orderId, 'voided');
      return answered('void', state === undefined ? ('nothing' as const) : ('voided' as const));
    },
    async refund({ orderId }) {
      if (payments.get(orderId) === 'captured') payments.set(orderId, 'refunded');
      answered('refund', undefined);
    },
  };
  return {
    provider,
    payments,
    calls,
    refuseCaptures: () => {
      refuseCapture = true;
    },
    loseAnswerTo: (step: string) => {
      loseNextAnswer = step;
    },
  };
}

/** Payment records that die, as a Lambda does, right before the named step is written. */
export function dyingRecords(records: PaymentRecords, step: keyof PaymentRecords): PaymentRecords {
  return {
    ...records,
    [step]: async (): Promise<PaymentRecord> => {
      throw new Error(`died before ${step}`);
    },
  };
}
