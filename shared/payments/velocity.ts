import { createHash } from 'node:crypto';
import { networkOf } from '../identity/network-address.ts';
import { type FraudRules, slotsPerWindow, type VelocitySettings } from './fraud-settings.ts';

/**
 * How many orders a customer, and the customers of a network address, have placed of late. Time is cut into
 * slots, twelve to a window; a counter is an item with a number for each slot of four windows. An order counts
 * up one slot, and a window is the sum of its own slot and the twelve before: at least the window's length, at
 * most a twelfth more, so that no order within the window is missed.
 */
export const slotsPerCounter = 4 * slotsPerWindow;

/**
 * Orders from one network meet at its counter, inside the transaction that places them. Spread over several
 * they stay out of each other's way; one customer's meet at the customer's record in any case.
 */
export const countersPerAddress = 4;

/** A counter waits out the longest pause of a checkout before it is read, and a day of retries. */
const reserveSeconds = 24 * 60 * 60;

type VelocityRule = 'userVelocity' | 'addressVelocity';

/** An order as far as the counters go. */
export interface CountedOrder {
  readonly userId: string;
  readonly placedFrom: { readonly ip: string };
  /** ISO 8601. */
  readonly createdAt: string;
}

/** One more order in a slot of a counter. */
export interface CounterMove {
  readonly key: string;
  readonly slot: string;
  /** Seconds since 1970: the same for all moves of a counter. */
  readonly expiresAt: number;
}

/** The slots of a counter that a rule adds up. */
export interface CounterRead {
  readonly rule: VelocityRule;
  readonly key: string;
  readonly slots: readonly string[];
}

/** A counter's slots that are not zero. */
export type Counter = Readonly<Record<string, number>>;
export type RecentOrders = Readonly<{ [Rule in VelocityRule]?: number | undefined }>;

/**
 * What placing the order adds to the counters: nothing where a rule is off.
 * @param keptSeconds how long a checkout may pause before it reads them
 */
export function counterMoves(rules: FraudRules, order: CountedOrder, keptSeconds: number): CounterMove[] {
  return activeRules(rules).map(({ rule, windowSeconds }) => {
    const slotSeconds = windowSeconds / slotsPerWindow;
    const slot = slotOf(order, slotSeconds);
    const counter = Math.floor(slot / slotsPerCounter);
    const endsAt = (counter + 1) * slotsPerCounter * slotSeconds;
    return {
      key: counterKey(rule, order, windowSeconds, counter, shardOf(order.userId)),
      slot: slotName(slot),
      expiresAt: endsAt + windowSeconds + keptSeconds + reserveSeconds,
    };
  });
}

/** What to read in order to count the orders of the window that ends with this one. Keys differ. */
export function counterReads(rules: FraudRules, order: CountedOrder): CounterRead[] {
  return activeRules(rules).flatMap(({ rule, windowSeconds }) => {
    const last = slotOf(order, windowSeconds / slotsPerWindow);
    const slots = Array.from({ length: slotsPerWindow + 1 }, (_, back) => last - back);
    const byCounter = Map.groupBy(slots, (slot) => Math.floor(slot / slotsPerCounter));
    const shards = Array.from(
      { length: rule === 'userVelocity' ? 1 : countersPerAddress },
      (_, shard) => shard,
    );
    return [...byCounter].flatMap(([counter, within]) =>
      shards.map((shard) => ({
        rule,
        key: counterKey(rule, order, windowSeconds, counter, shard),
        slots: within.map(slotName),
      })),
    );
  });
}

/** Adds up what was read. A counter that is not there has counted nothing. */
export function recentOrders(
  reads: readonly CounterRead[],
  counters: ReadonlyMap<string, Counter>,
): RecentOrders {
  const sums: Partial<Record<VelocityRule, number>> = {};
  for (const { rule, key, slots } of reads) {
    const counter = counters.get(key) ?? {};
    sums[rule] = slots.reduce((total, slot) => total + (counter[slot] ?? 0), sums[rule] ?? 0);
  }
  return sums;
}

function activeRules(rules: FraudRules): ({ readonly rule: VelocityRule } & VelocitySettings)[] {
  const both = [
    { rule: 'userVelocity' as const, ...rules.userVelocity },
    { rule: 'addressVelocity' as const, ...rules.addressVelocity },
  ];
  return both.filter(({ enabled }) => enabled);
}

function slotOf({ createdAt }: CountedOrder, slotSeconds: number): number {
  return Math.floor(Date.parse(createdAt) / 1000 / slotSeconds);
}

/** `s0` to `s47`: an attribute of the counter. */
function slotName(slot: number): string {
  return `s${slot % slotsPerCounter}`;
}

/** The window's length is part of the name: other settings begin to count anew, and never misread a slot. */
function counterKey(
  rule: VelocityRule,
  { userId, placedFrom }: CountedOrder,
  windowSeconds: number,
  counter: number,
  shard: number,
): string {
  return rule === 'userVelocity'
    ? `VELOCITY#USER#${userId}#${windowSeconds}#${counter}`
    : `VELOCITY#ADDRESS#${digest(networkOf(placedFrom.ip))}#${windowSeconds}#${counter}#${shard}`;
}

function shardOf(userId: string): number {
  return createHash('sha256').update(userId).digest().readUInt32BE(0) % countersPerAddress;
}

/** The table need not know an address in order to count. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
