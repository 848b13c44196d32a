import { orderKeys, orderPrimaryKeys, type PrimaryKey } from './keys.ts';
import type { IndexSpec, Item, KeyValue, TableSpec } from './types.ts';

/** An item with what is asked of it again and again. Never changed, only replaced. */
export interface Row extends PrimaryKey {
  readonly item: Item;
  /** Bytes. */
  readonly size: number;
}

type Order = (a: Row, b: Row) => number;
type Partitions = Map<KeyValue, Row[]>;

/** Rows by partition, and in each partition in the order of the sort key. */
export class Ordered {
  readonly order: Order;
  private partitions: Partitions = new Map();

  constructor(order: Order) {
    this.order = order;
  }

  in(partition: KeyValue): readonly Row[] {
    return this.partitions.get(partition) ?? [];
  }

  *all(): Iterable<Row> {
    for (const rows of this.partitions.values()) yield* rows;
  }

  insert(partition: KeyValue, row: Row): void {
    const rows = this.partitions.get(partition);
    if (!rows) {
      this.partitions.set(partition, [row]);
      return;
    }
    const last = rows.at(-1);
    if (last && this.order(last, row) < 0) rows.push(row);
    else rows.splice(lowerBound(rows, row, this.order), 0, row);
  }

  replace(partition: KeyValue, old: Row, row: Row): void {
    const rows = this.partitions.get(partition) ?? [];
    rows[lowerBound(rows, old, this.order)] = row;
  }

  remove(partition: KeyValue, row: Row): void {
    const rows = this.partitions.get(partition) ?? [];
    if (rows.length === 1) this.partitions.delete(partition);
    else rows.splice(lowerBound(rows, row, this.order), 1);
  }

  copy(): Partitions {
    return new Map([...this.partitions].map(([partition, rows]) => [partition, [...rows]]));
  }

  restore(partitions: Partitions): void {
    this.partitions = new Map([...partitions].map(([partition, rows]) => [partition, [...rows]]));
  }
}

function lowerBound(rows: readonly Row[], row: Row, order: Order): number {
  return firstThat(rows, (other) => order(other, row) >= 0);
}

/** The first place whose row the test holds of, when it holds of all after it too; the length when of none. */
export function firstThat(rows: readonly Row[], test: (row: Row) => boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row && test(row)) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Index {
  readonly spec: IndexSpec;
  readonly rows: Ordered;
}

export class MemoryTable {
  readonly spec: TableSpec;
  readonly rows = new Ordered((a, b) => orderKeys(a.sort, b.sort));
  readonly indexes: ReadonlyMap<string, Index>;

  constructor(spec: TableSpec) {
    this.spec = spec;
    this.indexes = new Map(
      [...spec.indexes.values()].map((index) => [
        index.name,
        { spec: index, rows: new Ordered(indexOrder(index)) },
      ]),
    );
  }

  find({ partition, sort }: PrimaryKey): Row | undefined {
    const rows = this.rows.in(partition);
    if (rows.length === 0) return undefined;
    const found = rows[firstThat(rows, (row) => orderKeys(row.sort, sort) >= 0)];
    return found && orderKeys(found.sort, sort) === 0 ? found : undefined;
  }

  /** Puts the new row in the old one's place, here and in every index. */
  change(old: Row | undefined, row: Row | undefined): void {
    swap(this.rows, old?.partition, old, row?.partition, row);
    for (const { spec, rows } of this.indexes.values()) {
      swap(rows, indexPartition(spec, old), old, indexPartition(spec, row), row);
    }
  }
}

function swap(
  rows: Ordered,
  oldPartition: KeyValue | undefined,
  old: Row | undefined,
  newPartition: KeyValue | undefined,
  row: Row | undefined,
): void {
  const leaves = old !== undefined && oldPartition !== undefined;
  const enters = row !== undefined && newPartition !== undefined;
  if (leaves && enters && oldPartition === newPartition && rows.order(old, row) === 0) {
    rows.replace(newPartition, old, row);
    return;
  }
  if (leaves) rows.remove(oldPartition, old);
  if (enters) rows.insert(newPartition, row);
}

/** Only items with both keys of an index are in it. */
function indexPartition({ partition, sort }: IndexSpec, row: Row | undefined): KeyValue | undefined {
  if (!row || (sort && row.item[sort.name] === undefined)) return undefined;
  return row.item[partition.name] as KeyValue | undefined;
}

/** DynamoDB promises no order among equal sort keys of an index; here it is that of the tables' keys. */
function indexOrder({ sort }: IndexSpec): Order {
  if (!sort) return orderPrimaryKeys;
  const { name } = sort;
  return (a, b) => orderKeys(a.item[name] as KeyValue, b.item[name] as KeyValue) || orderPrimaryKeys(a, b);
}
