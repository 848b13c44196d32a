import type { PaymentReader, PaymentRecord, PaymentRecords } from '../../shared/payments/payment-record.ts';
import type { OnceStore } from '../../shared/workflow/once.ts';

/** Payment records in memory, under the same conditions as the real ones. */
export function memoryPayments(byOrder: Map<string, PaymentRecord>): PaymentRecords & PaymentReader {
  const at = (orderId: string): PaymentRecord => byOrder.get(orderId) ?? { orderId, attempts: 0 };
  const put = (record: PaymentRecord) => {
    byOrder.set(record.orderId, record);
    return record;
  };
  return {
    find: async (orderId) => byOrder.get(orderId),
    async beginAttempt(orderId, provider, amount) {
      const record = at(orderId);
      const isOpen = record.status === undefined || record.status === 'authorizing';
      if (record.undo !== undefined || !isOpen) return { begun: false, record };
      const attempts = record.attempts + 1;
      return { begun: true, record: put({ ...record, provider, amount, attempts, status: 'authorizing' }) };
    },
    async settle(orderId, result) {
      const record = at(orderId);
      if (record.undo !== undefined || record.status !== 'authorizing') return record;
      const { status, paymentId } = result;
      const fraudFlag = result.status === 'authorized' && result.fraudFlag;
      put({ ...record, status, fraudFlag, ...(paymentId === undefined ? {} : { paymentId }) });
      return undefined;
    },
    async giveVerdict(orderId, reasons) {
      return put({ ...at(orderId), fraudReasons: [...reasons] });
    },
    async captured(orderId) {
      const record = at(orderId);
      const isTaken = record.status === 'authorized' || record.status === 'captured';
      if (record.undo !== undefined || !isTaken) return record;
      put({ ...record, status: 'captured' });
      return undefined;
    },
    async beginUndo(orderId) {
      const record = at(orderId);
      return put({ ...record, undo: record.undo ?? 'started' });
    },
    async endUndo(orderId, refunded) {
      put({ ...at(orderId), undo: 'done', ...(refunded ? { refunded } : {}) });
    },
  };
}

/** Effects that were done, and claims that end with their attempt. */
export function memoryOnce(done = new Set<string>()): OnceStore {
  const claimed = new Set<string>();
  return {
    async claim(key) {
      if (done.has(key)) return 'done';
      if (claimed.has(key)) return 'busy';
      claimed.add(key);
      return 'claimed';
    },
    async complete(key) {
      claimed.delete(key);
      done.add(key);
    },
    async release(key) {
      claimed.delete(key);
    },
  };
}
