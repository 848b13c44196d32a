import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CountedOrder,
  type Counter,
  counterMoves,
  counterReads,
  countersPerAddress,
  recentOrders,
} from '../../../shared/payments/velocity.ts';
import { fraudRules } from '../../support/builders/fraud.ts';

const windowSeconds = 3600;
const slotMs = (windowSeconds / 12) * 1000;
const rules = fraudRules({ userVelocity: { windowSeconds }, addressVelocity: { windowSeconds } });
const start = Date.parse('2026-03-01T12:00:00.000Z');

const order = (atMs = start, over: Partial<CountedOrder> = {}): CountedOrder => ({
  userId: 'user-1',
  placedFrom: { ip: '203.0.113.7' },
  createdAt: new Date(atMs).toISOString(),
  ...over,
});

/** The counters after these orders were placed. */
function counted(orders: readonly CountedOrder[]): Map<string, Counter> {
  const counters = new Map<string, Record<string, number>>();
  for (const placed of orders) {
    for (const { key, slot } of counterMoves(rules, placed, 0)) {
      const counter = counters.get(key) ?? {};
      counters.set(key, { ...counter, [slot]: (counter[slot] ?? 0) + 1 });
    }
  }
  return counters;
}

const recentFor = (one: CountedOrder, all: readonly CountedOrder[]) =>
  recentOrders(counterReads(rules, one), counted(all));

const hours = fc.integer({ min: start, max: start + 12 * 3600 * 1000 });
const placements = fc.array(hours, { minLength: 1, maxLength: 40 });

describe('orders within a window', () => {
  test('are all counted, whatever their times, and none that is older by a slot', () => {
    fc.assert(
      fc.property(placements, (times) => {
        const last = Math.max(...times);
        const all = times.map((at) => order(at));
        const { userVelocity = 0, addressVelocity } = recentFor(order(last), all);
        const within = (length: number) => times.filter((at) => at > last - length && at <= last).length;
        expect(userVelocity).toBeGreaterThanOrEqual(within(windowSeconds * 1000));
        expect(userVelocity).toBeLessThanOrEqual(within(windowSeconds * 1000 + slotMs));
        expect(addressVelocity).toBe(userVelocity);
      }),
    );
  });

  test('do not include orders that come in a later slot', () => {
    fc.assert(
      fc.property(placements, hours, (times, at) => {
        const later = times.map((time) => order(Math.max(time, at + slotMs)));
        expect(recentFor(order(at), [order(at), ...later]).userVelocity).toBe(1);
      }),
    );
  });

  test('are counted from the first moment of a window to its end', () => {
    const [aligned, window] = [start, windowSeconds * 1000];
    const both = (at: number) => recentFor(order(at), [order(aligned), order(at)]).userVelocity;
    expect(both(aligned + window)).toBe(2);
    expect(both(aligned + window + slotMs - 1)).toBe(2);
    expect(both(aligned + window + slotMs)).toBe(1);
  });

  test('are not forgotten where one counter ends and the next begins', () => {
    const boundary = Math.ceil(start / (4 * windowSeconds * 1000)) * 4 * windowSeconds * 1000;
    const [before, after] = [order(boundary - 1), order(boundary)];
    expect(new Set(counterMoves(rules, before, 0).map(({ key }) => key))).not.toEqual(
      new Set(counterMoves(rules, after, 0).map(({ key }) => key)),
    );
    expect(recentFor(after, [before, after])).toEqual({ userVelocity: 2, addressVelocity: 2 });
  });
});

describe('counters', () => {
  test('tell customers apart, and add up those of one network', () => {
    const users = Array.from({ length: 20 }, (_, index) => order(start, { userId: `user-${index}` }));
    expect(recentFor(order(), users)).toEqual({ userVelocity: 1, addressVelocity: 20 });
    expect(recentFor(order(start, { placedFrom: { ip: '203.0.113.8' } }), users).addressVelocity).toBe(0);
  });

  test('take an IPv6 network for one address', () => {
    const hosts = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3'].map((ip) =>
      order(start, { placedFrom: { ip } }),
    );
    expect(recentFor(order(start, { placedFrom: { ip: '2001:db8::4' } }), hosts).addressVelocity).toBe(3);
  });

  test('of an address are several, so that its customers seldom meet at one', () => {
    const keys = Array.from({ length: 200 }, (_, index) => order(start, { userId: `user-${index}` })).map(
      (one) => counterMoves(rules, one, 0).at(-1)?.key,
    );
    expect(new Set(keys).size).toBe(countersPerAddress);
  });

  test('do not name the address', () => {
    expect(JSON.stringify(counterMoves(rules, order(), 0))).not.toContain('203.0.113');
  });

  test('are few to read, and none is read twice', () => {
    fc.assert(
      fc.property(hours, (at) => {
        const keys = counterReads(rules, order(at)).map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.length).toBeLessThanOrEqual(2 * (1 + countersPerAddress));
      }),
    );
  });

  test('live until a checkout that paused as long as it may has read them', () => {
    fc.assert(
      fc.property(hours, fc.integer({ min: 60, max: 30 * 86_400 }), (at, pauseSeconds) => {
        for (const { expiresAt } of counterMoves(rules, order(at), pauseSeconds)) {
          expect(expiresAt).toBeGreaterThan(at / 1000 + windowSeconds + pauseSeconds);
          expect(expiresAt).toBeLessThan(at / 1000 + 5 * windowSeconds + pauseSeconds + 86_400 + 1);
        }
      }),
    );
  });

  test('of another window begin anew', () => {
    const other = fraudRules({ userVelocity: { windowSeconds: 7200 } });
    expect(recentOrders(counterReads(other, order()), counted([order()]))).toEqual({ userVelocity: 0 });
  });

  test('are neither moved nor read for a rule that is off', () => {
    const off = fraudRules();
    expect(counterMoves(off, order(), 0)).toEqual([]);
    expect(counterReads(off, order())).toEqual([]);
    expect(recentOrders([], new Map())).toEqual({});
  });
});
