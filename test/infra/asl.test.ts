import { describe, expect, it } from 'vitest';
import { type AslMachine, alwaysPasses, reachable } from './asl.ts';

const machine: AslMachine = {
  StartAt: 'Hold',
  States: {
    Hold: { Type: 'Task', Next: 'Paid', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Decide' }] },
    Decide: { Type: 'Choice', Choices: [{ Next: 'Release' }], Default: 'Forget' },
    Release: { Type: 'Task', Next: 'Failed', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }] },
    Forget: { Type: 'Pass', Next: 'Failed' },
    Failed: { Type: 'Fail' },
    Paid: { Type: 'Succeed' },
    Orphan: { Type: 'Pass', Next: 'Paid' },
  },
};

describe('walking a state machine', () => {
  it('finds by Next, Choices, Default and Catch all that can be reached', () => {
    const found = reachable(machine, ['Hold']);
    expect([...found].sort()).toEqual(['Decide', 'Failed', 'Forget', 'Hold', 'Paid', 'Release']);
  });

  it('notices one way around a state that has to be passed', () => {
    expect(alwaysPasses(machine, 'Decide', ['Release'])).toBe(false);
    expect(alwaysPasses(machine, 'Decide', ['Release', 'Forget'])).toBe(true);
    expect(alwaysPasses(machine, 'Decide', ['Failed'])).toBe(true);
  });

  it('refuses a way to a state that does not exist', () => {
    const broken: AslMachine = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } };
    expect(() => reachable(broken, ['A'])).toThrow('B, which does not exist');
  });
});
