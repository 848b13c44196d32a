import { describe, expect, it } from 'vitest';
import { alwaysPasses, calledTask, failures, reversal } from './asl.ts';

const marks = {
  UndoPayment: 'MarkPaymentForRepair',
  ReleaseInventory: 'MarkInventoryForRepair',
  FailOrder: 'MarkOrderForRepair',
  CloseRefund: 'MarkRefundForRepair',
};

describe('a reversal', () => {
  it.each(Object.entries(marks))('that cannot do %s leaves a mark for repair and goes on', (name, mark) => {
    const state = reversal.States[name];
    const marking = reversal.States[mark];
    expect(state && failures(state)).toEqual([mark]);
    expect(marking && calledTask(marking)?.task).toBe('markForRepair');
    expect(marking?.Next).toBe(state?.Next);
    expect(marking && failures(marking)).toEqual([state?.Next]);
  });

  it('returns the money first, and always closes the order and tells of it', () => {
    expect(reversal.StartAt).toBe('UndoPayment');
    expect(alwaysPasses(reversal, reversal.StartAt, ['FailOrder', 'CloseRefund'])).toBe(true);
    expect(alwaysPasses(reversal, reversal.StartAt, ['RecordReversedOrder'])).toBe(true);
  });

  it('gives stock back unless it was shipped', () => {
    expect(alwaysPasses(reversal, reversal.StartAt, ['ReleaseInventory', 'CloseRefund'])).toBe(true);
    const restock = reversal.States.CheckRestock;
    expect(restock?.Choices).toMatchObject([{ StringEquals: 'refund', Next: 'CloseRefund' }]);
    expect(restock?.Default).toBe('ReleaseInventory');
  });
});
