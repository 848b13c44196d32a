import { describe, expect, test } from 'vitest';
import { mayBecome, orderStatuses, transitions } from '../../../shared/orders/status.ts';

describe('the transition table of orders', () => {
  test('reaches every status from Pending', () => {
    const reached = new Set(['Pending']);
    for (const status of reached) {
      for (const next of transitions[status as keyof typeof transitions]) reached.add(next);
    }
    expect([...reached].sort()).toEqual([...orderStatuses].sort());
  });

  test('has only Failed, Cancelled and Refunded as ends', () => {
    const ends = orderStatuses.filter((status) => transitions[status].length === 0);
    expect(ends.sort()).toEqual(['Cancelled', 'Failed', 'Refunded']);
  });

  test('lets nothing become what it is already', () => {
    expect(orderStatuses.filter((status) => mayBecome(status, status))).toEqual([]);
  });

  test('never cancels what has been shipped', () => {
    expect(mayBecome('Shipped', 'Cancelled')).toBe(false);
    expect(mayBecome('Delivered', 'Cancelled')).toBe(false);
  });
});
