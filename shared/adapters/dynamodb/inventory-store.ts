import * as z from 'zod';
import { TransientError } from '../../errors.ts';
import {
  HoldRefusedError,
  type HoldResult,
  type InventoryStore,
  maximumLines,
  NotHeldError,
  type StockLine,
} from '../../inventory/inventory-store.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import type { CancellationReason } from './faults.ts';
import {
  barActions,
  closeActions,
  type HoldRow,
  type HoldState,
  holdActions,
  type RowContext,
  refusedState,
  releaseActions,
  returnActions,
  rowKey,
  saleActions,
  type Tables,
  toHoldRow,
} from './inventory-row.ts';
import { isFalseCondition, maximumActions, type RetryEffects, transact } from './transact.ts';

/** A return takes three actions a line, so this many lines are undone at once. */
const linesPerUndo = Math.floor(maximumActions / 3);
/** Rows only move on, so few rounds settle a release that others cross. */
const undoRounds = 5;

const refusedProductSchema = z.object({
  availableCount: z.object({ N: z.coerce.number() }),
  archived: z.object({ BOOL: z.boolean() }),
});

/** Stock in the Products and Inventory tables. Conditions decide everything; what is read only picks the action. */
export function createInventoryStore(client: Dynamo, tables: Tables, effects: RetryEffects): InventoryStore {
  const readRows = async (orderId: string, productIds: readonly string[]): Promise<HoldRow[]> => {
    const keys = [...new Set(productIds)].map((productId) => rowKey(orderId, productId));
    const items = await batchGet(client, tables.inventory, keys, effects, { consistent: true });
    return items.map(toHoldRow);
  };

  const undoLines = async (context: RowContext, productIds: readonly string[]): Promise<void> => {
    for (let round = 0; round < undoRounds; round += 1) {
      const rows = new Map((await readRows(context.orderId, productIds)).map((row) => [row.productId, row]));
      const actions = productIds.flatMap((productId) => undoActions(context, productId, rows.get(productId)));
      if (actions.length === 0) return;
      // A false condition says that a hold or a sale came between: look again.
      if (!(await transact(client, actions, effects))) return;
    }
    throw new TransientError(`The release of order ${context.orderId} keeps being crossed`);
  };

  return {
    async hold(orderId, lines, at) {
      const wanted = mergeLines(lines);
      if (wanted.length === 0) return { held: true, repeated: false };
      const actions = wanted.flatMap((line) => holdActions({ tables, orderId, at }, line));
      const refusal = await transact(client, actions, effects);
      return refusal ? holdRefusal(orderId, wanted, refusal) : { held: true, repeated: false };
    },

    async linesOf(orderId, productIds) {
      const rows = await readRows(orderId, productIds);
      return rows
        .filter(({ state }) => state === 'HELD' || state === 'SOLD')
        .map(({ productId, quantity }) => ({ productId, quantity }));
    },

    async commit(orderId, lines, at) {
      let open = mergeLines(lines);
      while (open.length > 0) {
        const actions = open.flatMap((line) => saleActions({ tables, orderId, at }, line));
        const refusal = await transact(client, actions, effects);
        open = refusal ? unsoldLines(orderId, open, refusal) : [];
      }
    },

    async release(orderId, productIds, at) {
      const all = [...new Set(productIds)];
      for (let start = 0; start < all.length; start += linesPerUndo) {
        await undoLines({ tables, orderId, at }, all.slice(start, start + linesPerUndo));
      }
    },
  };
}

/** A transaction may touch an item once, so lines of one product become one. */
function mergeLines(lines: readonly StockLine[]): StockLine[] {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of lines) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  if (quantities.size > maximumLines) {
    throw new RangeError(`An order has ${maximumLines} lines at most, not ${quantities.size}`);
  }
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

/** Reads why a hold was refused. Each line has a reason of its row and, if it has pieces, one of its product before. */
function holdRefusal(
  orderId: string,
  lines: readonly StockLine[],
  reasons: readonly CancellationReason[],
): HoldResult {
  const states: (HoldState | undefined)[] = [];
  const shortages = new Map<string, number>();
  let next = 0;
  for (const { productId, quantity } of lines) {
    const product = quantity > 0 ? reasons[next++] : undefined;
    const row = reasons[next++];
    if (isFalseCondition(row)) states.push(refusedState(row?.item));
    if (isFalseCondition(product)) shortages.set(productId, availableNow(product?.item));
  }
  if (states.includes('RELEASED') || states.includes('RETURNED')) {
    throw new HoldRefusedError(`The stock of order ${orderId} has been released`);
  }
  return states.length > 0 ? { held: true, repeated: true } : { held: false, shortages };
}

function availableNow(item: CancellationReason['item']): number {
  if (item === undefined) return 0;
  const { archived, availableCount } = refusedProductSchema.parse(item);
  return archived.BOOL ? 0 : Math.max(0, availableCount.N);
}

/** Lines that a refused sale leaves to sell: those that are sold already need nothing more. */
function unsoldLines(
  orderId: string,
  lines: readonly StockLine[],
  reasons: readonly CancellationReason[],
): StockLine[] {
  const open = lines.filter((line, index) => {
    const row = reasons[index * 2 + 1];
    if (!isFalseCondition(row)) return true;
    const state = refusedState(row?.item);
    if (state === 'SOLD') return false;
    const found = state === 'HELD' ? 'in another quantity' : `but ${state ?? 'nothing'}`;
    throw new NotHeldError(`Order ${orderId} holds ${line.productId} not as it is to be sold, ${found}`);
  });
  if (open.length === lines.length) {
    throw new NotHeldError(`A product of order ${orderId} is not there to be sold`);
  }
  return open;
}

function undoActions(context: RowContext, productId: string, row: HoldRow | undefined) {
  switch (row?.state) {
    case undefined:
      return barActions(context, productId);
    case 'HELD':
      return releaseActions(context, row);
    case 'NONE':
      return closeActions(context, row);
    case 'SOLD':
      return returnActions(context, row);
    case 'RELEASED':
    case 'RETURNED':
      return [];
  }
}
