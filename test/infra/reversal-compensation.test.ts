import { describe, expect, it } from 'vitest';
import { alwaysPasses, calledTask, failures, reversal } from './asl.ts';

const marks = {
  UndoPayment: 'MarkPaymentForRepair',
  ReleaseInventory: 'MarkInventoryForRepair',
  FailOrder: 'MarkOrderForRepair',
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

  it('that cannot close a refund leaves a mark for repair and tells nobody', () => {
    const { CloseRefund: close, MarkRefundForRepair: marking } = reversal.States;
    expect(close && failures(close)).toEqual(['MarkRefundForRepair']);
    expect(marking && calledTask(marking)?.task).toBe('markForRepair');
    expect([marking?.Next, ...(marking ? failures(marking) : [])]).toEqual([
      'ReversalFailed',
      'ReversalFailed',
    ]);
  });

  it('returns the money first, and always closes the order and tells of it, or ends in Fail', () => {
    expect(reversal.StartAt).toBe('UndoPayment');
    const closing = ['FailOrder', 'CloseRefund', 'ReversalFailed'];
    expect(alwaysPasses(reversal, reversal.StartAt, closing)).toBe(true);
    expect(alwaysPasses(reversal, 'FailOrder', ['RecordReversedOrder'])).toBe(true);
    expect(reversal.States.CloseRefund?.Next).toBe('RecordReversedOrder');
  });

  it('gives stock back unless it was shipped', () => {
    expect(
      alwaysPasses(reversal, reversal.StartAt, ['ReleaseInventory', 'CloseRefund', 'ReversalFailed']),
    ).toBe(true);
    const restock = reversal.States.CheckRestock;
    expect(restock?.Choices).toMatchObject([
      {
        And: [{ StringEquals: 'refund' }, { Variable: '$.repair', IsPresent: true }],
        Next: 'ReversalFailed',
      },
      { StringEquals: 'refund', Next: 'CloseRefund' },
    ]);
    expect(restock?.Default).toBe('ReleaseInventory');
  });
});
