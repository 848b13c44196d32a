import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unknownHere } from './errors.ts';
import { type Input, isRecord } from './input.ts';
import { keyFrom, orderPrimaryKeys } from './keys.ts';
import { query } from './query.ts';
import { batchGet, batchWrite, getItem } from './reads.ts';
import { Store } from './store.ts';
import { toTableSpec } from './table-spec.ts';
import { transactGet, transactWrite } from './transactions.ts';
import type { MemoryDynamo, MemoryDynamoOptions, TableModel } from './types.ts';
import { writeOne } from './writes.ts';

export type { Change, Item, MemoryDynamo } from './types.ts';

type Operation = (store: Store, input: Input) => Record<string, unknown>;

/** What this store can do, which is what our adapters ask of DynamoDB; a scan is not among it. */
const operations = new Map<unknown, Operation>([
  [GetCommand, getItem],
  [PutCommand, (store, input) => writeOne(store, 'Put', input)],
  [UpdateCommand, (store, input) => writeOne(store, 'Update', input)],
  [DeleteCommand, (store, input) => writeOne(store, 'Delete', input)],
  [QueryCommand, query],
  [BatchGetCommand, batchGet],
  [BatchWriteCommand, batchWrite],
  [TransactGetCommand, transactGet],
  [TransactWriteCommand, transactWrite],
]);

/** DynamoDB in this process, at the level of the document client's commands. Deterministic: no clock, no chance. */
export function createMemoryDynamo(
  tables: readonly TableModel[],
  { now = () => 0, onChange }: MemoryDynamoOptions = {},
): MemoryDynamo {
  const store = new Store(tables.map(toTableSpec), { now, onChange });
  const rowsOf = (table: string) => [...store.table(table).rows.all()].sort(orderPrimaryKeys);
  return {
    send(command) {
      if (!isRecord(command) || !isRecord(command.input)) throw unknownHere('what is no command');
      const operation = operations.get(command.constructor);
      if (!operation) throw unknownHere(`the command ${command.constructor.name}`);
      return {
        $metadata: { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 },
        ...operation(store, command.input),
      };
    },
    tableNames: [...store.tables.keys()],
    items: (table) => rowsOf(table).map(({ item }) => item),
    peek(table, key) {
      const found = store.table(table);
      return found.find(keyFrom(found.spec, key))?.item;
    },
    expire(table, attribute, nowSeconds) {
      const due = rowsOf(table).filter(({ item }) => {
        const until = item[attribute];
        return typeof until === 'number' && until < nowSeconds;
      });
      for (const old of due) store.commit([{ table: store.table(table), old, row: undefined }]);
      return due.length;
    },
    snapshot: () => store.snapshot(),
    restore: (snapshot) => store.restore(snapshot),
  };
}
