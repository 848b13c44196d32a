import { describe, expect, it } from 'vitest';
import {
  allStates,
  alwaysPasses,
  calledTask,
  checkout,
  failures,
  isTask,
  namedUndo,
  reachable,
  successors,
} from './asl.ts';

/** What takes an effect back. A Task that is added with an effect names its undo in its comment and here. */
const undos: Record<string, string> = {
  WaitForProfile: 'FailOrder',
  ValidateOrder: 'ReleaseInventory',
  ProcessPayment: 'UndoPayment',
  HoldForReview: 'FailOrder',
  CapturePayment: 'UndoPayment',
  UpdateOrderStatus: 'FailOrder',
  UpdateInventory: 'ReleaseInventory',
};
const undoTasks = [...new Set(Object.values(undos))];

const states = allStates(checkout);
const tasks = states.filter(isTask).map(({ name, state, within }) => [name, state, within] as const);
const compensation = reachable(checkout, undoTasks);
const forwardTasks = tasks.filter(([name, , within]) => within === checkout && !compensation.has(name));

describe('compensation', () => {
  it('was looked for in every task on the way to a paid order', () => {
    expect(forwardTasks.length).toBeGreaterThanOrEqual(8);
  });

  it('is named by every task that has an effect', () => {
    const named = forwardTasks.flatMap(([name, state]) => {
      const undo = namedUndo(state);
      return undo ? [[name, undo]] : [];
    });
    expect(Object.fromEntries(named)).toEqual(undos);
  });

  it.each(Object.entries(undos))(
    'of %s, whose outcome is unknown after a fault, goes through %s',
    (name, undo) => {
      const state = checkout.States[name];
      const ways = state ? failures(state) : [];
      expect(ways.length).toBeGreaterThan(0);
      for (const way of ways) expect(alwaysPasses(checkout, way, [undo]), `${name} → ${way}`).toBe(true);
    },
  );

  it('takes back, wherever a task fails, every effect that may have come before it', () => {
    let checks = 0;
    for (const [effect, undo] of Object.entries(undos)) {
      const after = reachableBySuccess(effect);
      for (const [name, state] of forwardTasks) {
        if (!after.has(name) || name === 'ValidateProfile' || name === 'WaitForProfile') continue;
        for (const way of failures(state)) {
          expect(alwaysPasses(checkout, way, [undo]), `${effect}, then ${name} → ${way}`).toBe(true);
          checks += 1;
        }
      }
    }
    expect(checks).toBeGreaterThan(20);
  });

  it('ends in a failed order that is recorded, never in a paid one', () => {
    for (const [, state] of forwardTasks) {
      for (const way of failures(state)) {
        expect(alwaysPasses(checkout, way, ['FailOrder'])).toBe(true);
        expect(alwaysPasses(checkout, way, ['RecordFailedOrder'])).toBe(true);
        expect(reachable(checkout, [way])).not.toContain('OrderPaid');
      }
    }
  });

  it.each(undoTasks)('leaves a mark for repair when %s cannot be done, and goes on with the rest', (undo) => {
    const state = checkout.States[undo];
    expect(state && failures(state)).toHaveLength(1);
    for (const name of state ? failures(state) : []) {
      const mark = checkout.States[name];
      expect(mark && calledTask(mark)?.task).toBe('markForRepair');
      expect(mark?.Next).toBe(state?.Next);
      expect(mark && failures(mark)).toEqual([state?.Next]);
    }
  });

  it('ends in Fail, which the alarm sees, for a fault of ours, and in Succeed for an answer to the customer', () => {
    const ends = [...compensation].filter((name) =>
      ['Succeed', 'Fail'].includes(checkout.States[name]?.Type ?? ''),
    );
    expect(ends.map((name) => checkout.States[name]?.Type).sort()).toEqual(['Fail', 'Succeed']);
  });

  function reachableBySuccess(from: string): Set<string> {
    const seen = new Set<string>();
    const left = successors(checkout.States[from] ?? { Type: 'Missing' });
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      left.push(...successors(checkout.States[name] ?? { Type: 'Missing' }));
    }
    return seen;
  }
});
