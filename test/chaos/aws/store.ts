import { isDeepStrictEqual } from 'node:util';
import { noSuchTable, unknownHere } from './errors.ts';
import { keyAttributes } from './keys.ts';
import { MemoryTable, type Row } from './memory-table.ts';
import type { Change, Snapshot, TableSpec } from './types.ts';
import { equal } from './values.ts';

/** A write that is sure to be done: the row that goes and the row that comes. */
export interface Write {
  readonly table: MemoryTable;
  readonly old: Row | undefined;
  readonly row: Row | undefined;
}

interface Token {
  readonly request: unknown;
  readonly at: number;
}

/** AWS remembers a transaction's token for so long. */
const tokenMilliseconds = 10 * 60_000;

export interface StoreOptions {
  readonly now: () => number;
  readonly onChange: ((change: Change) => void) | undefined;
}

/** The tables and all else that a snapshot has to hold. */
export class Store {
  readonly tables: ReadonlyMap<string, MemoryTable>;
  private readonly options: StoreOptions;
  private tokens = new Map<string, Token>();
  private sequence = 0;

  constructor(specs: readonly TableSpec[], options: StoreOptions) {
    this.tables = new Map(specs.map((spec) => [spec.name, new MemoryTable(spec)]));
    this.options = options;
  }

  table(name: unknown): MemoryTable {
    const table = typeof name === 'string' ? this.tables.get(name) : undefined;
    if (!table) throw noSuchTable();
    return table;
  }

  /** Does all the writes; only then are their changes told. */
  commit(writes: readonly Write[]): void {
    const changes: Change[] = [];
    for (const { table, old, row } of writes) {
      table.change(old, row);
      const either = row ?? old;
      if (!either) continue;
      this.sequence += 1;
      const isTold = table.spec.stream && this.options.onChange !== undefined;
      if (!isTold || (old && row && equal(old.item, row.item))) continue;
      changes.push({
        table: table.spec.name,
        keys: keyAttributes(table.spec, either.item),
        eventName: old ? (row ? 'MODIFY' : 'REMOVE') : 'INSERT',
        oldImage: old?.item,
        newImage: row?.item,
        sequence: this.sequence,
      });
    }
    for (const change of changes) this.options.onChange?.(change);
  }

  /** What a token was used for, in the last ten minutes: nothing, this very request, or another one. */
  tokenUse(token: string, request: unknown): 'new' | 'same' | 'other' {
    const known = this.tokens.get(token);
    if (!known || this.options.now() - known.at >= tokenMilliseconds) return 'new';
    return isDeepStrictEqual(known.request, request) ? 'same' : 'other';
  }

  remember(token: string, request: unknown): void {
    const at = this.options.now();
    for (const [old, known] of this.tokens) {
      if (at - known.at < tokenMilliseconds) break;
      this.tokens.delete(old);
    }
    this.tokens.delete(token);
    this.tokens.set(token, { request, at });
  }

  snapshot(): Snapshot {
    const copies = [...this.tables.values()].flatMap((table) =>
      [table.rows, ...[...table.indexes.values()].map(({ rows }) => rows)].map((rows) => ({
        rows,
        partitions: rows.copy(),
      })),
    );
    const [tokens, sequence] = [new Map(this.tokens), this.sequence];
    const restore = (): void => {
      for (const { rows, partitions } of copies) rows.restore(partitions);
      this.tokens = new Map(tokens);
      this.sequence = sequence;
    };
    this.snapshots.add(restore);
    return { restore };
  }

  restore({ restore }: Snapshot): void {
    if (!this.snapshots.has(restore)) throw unknownHere('a snapshot of another store');
    restore();
  }

  private readonly snapshots = new WeakSet<() => void>();
}
