import type { OrderStore } from './order-store.ts';

/** Orders on hold. Throws TransientError when the store is busy. */
export interface HeldFinder {
  /** Ids of orders that wait for a review, those placed first at the head, a bounded number. */
  onHold(): Promise<string[]>;
}

export interface HeldOrders {
  readonly count: number;
  /** How long the one that was placed first has been on hold; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** What waits for a review at this moment, and for how long. */
export async function heldOrders(
  finder: HeldFinder,
  orders: Pick<OrderStore, 'find'>,
  now: Date,
): Promise<HeldOrders> {
  const ids = await finder.onHold();
  const [first] = ids;
  const oldest = first === undefined ? undefined : await orders.find(first);
  const since = oldest?.timeline.findLast(({ status }) => status === 'OnHold')?.at;
  const waited = since === undefined ? 0 : (now.getTime() - Date.parse(since)) / 1000;
  return { count: ids.length, oldestSeconds: Math.max(0, Math.round(waited)) };
}
