import type { TableModel } from '../../../local/template/deployment.ts';

/** What an attribute can hold, in the document client's form. Numbers are doubles: 15 digits, not DynamoDB's 38. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | ReadonlySet<string>
  | ReadonlySet<number>
  | readonly Value[]
  | { readonly [name: string]: Value };

/** Items in the store are never changed, only replaced, so that whoever holds one holds what it was. */
export type Item = Readonly<Record<string, Value>>;
export type KeyType = 'S' | 'N';
export type KeyValue = string | number;

export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

export interface KeySchema {
  readonly partition: KeyAttribute;
  readonly sort: KeyAttribute | undefined;
}

export interface IndexSpec extends KeySchema {
  readonly name: string;
  /** Attributes that the index holds; undefined: all of them. */
  readonly holds: ReadonlySet<string> | undefined;
}

export interface TableSpec extends KeySchema {
  readonly name: string;
  readonly indexes: ReadonlyMap<string, IndexSpec>;
  /** Changes are told to `onChange`. */
  readonly stream: boolean;
}

/** A record of a table's stream. Images are the store's own items: read them, never write to them. */
export interface Change {
  readonly table: string;
  readonly keys: Item;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly oldImage: Item | undefined;
  readonly newImage: Item | undefined;
  /** Grows by one with every change of any table. */
  readonly sequence: number;
}

export interface MemoryDynamoOptions {
  /** Milliseconds since 1970; only the ten minutes for which a transaction's token is remembered depend on it. */
  readonly now?: () => number;
  /** Told once a write, or a whole transaction, is done; of tables with a stream alone. */
  readonly onChange?: (change: Change) => void;
}

/** What a snapshot holds is nobody's business but the store's. */
export interface Snapshot {
  readonly restore: () => void;
}

export interface MemoryDynamo {
  /**
   * Does what DynamoDBDocumentClient.send does with the same command, at once.
   * @throws the SDK's own exceptions; an Error that names it for whatever this store does not know
   */
  send(command: unknown): Record<string, unknown>;
  readonly tableNames: readonly string[];
  /** All items of a table by key. They are the store's own: read them, never write to them. */
  items(table: string): readonly Item[];
  /** An item without a call that counts. */
  peek(table: string, key: Item): Item | undefined;
  /** Deletes what DynamoDB's TTL would have deleted by then: items whose attribute (seconds) lies before it. */
  expire(table: string, attribute: string, nowSeconds: number): number;
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}

export type { TableModel };
