import { bind } from './environment.ts';
import { ItemFault, unknownHere, validation } from './errors.ts';
import { type Input, isRecord, onlyKnown, optionalText, placeholders, requiredRecord } from './input.ts';
import { keyFrom, keyText } from './keys.ts';
import { projected, projectionOf } from './projection.ts';
import type { Store } from './store.ts';
import { copyInItem, copyOutItem } from './values.ts';
import { prepareWrite } from './writes.ts';

const getMembers = new Set([
  'TableName',
  'Key',
  'ConsistentRead',
  'ProjectionExpression',
  'ExpressionAttributeNames',
]);

export function getItem(store: Store, input: Input): Record<string, unknown> {
  onlyKnown('GetItem', input, getMembers);
  const { item } = readOne(store, input);
  return item ? { Item: item } : {};
}

/** An item for whoever asked, and a text that names its key. */
export function readOne(store: Store, input: Input) {
  const table = store.table(input.TableName);
  const text = optionalText(input, 'ProjectionExpression');
  const projection = text === undefined ? undefined : projectionOf(text);
  const environment = bind(placeholders(input), projection);
  const key = asked(() => keyFrom(table.spec, copyInItem(requiredRecord(input, 'Key'))));
  const row = table.find(key);
  return {
    name: keyText(table.spec.name, key),
    item: row && copyOutItem(projected(row.item, projection, environment)),
    size: row?.size ?? 0,
  };
}

/** Outside a transaction a key that does not fit is a refusal of the whole request. */
function asked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ItemFault ? validation(error.message) : error;
  }
}

const keysPerBatch = 100;
const bytesPerBatch = 16 * 1024 * 1024;
const writesPerBatch = 25;
const repeated = () => validation('Provided list of item keys contains duplicates');

export function batchGet(store: Store, input: Input): Record<string, unknown> {
  onlyKnown('BatchGetItem', input, new Set(['RequestItems']));
  const Responses: Record<string, unknown[]> = {};
  const UnprocessedKeys: Record<string, { Keys: unknown[] }> = {};
  let [count, bytes] = [0, 0];
  const requests = Object.entries(requiredRecord(input, 'RequestItems'));
  for (const [TableName, request] of requests) {
    if (!isRecord(request)) throw unknownHere('a batch without Keys');
    onlyKnown('BatchGetItem', { TableName, ...request, Key: undefined }, new Set([...getMembers, 'Keys']));
    const { Keys, ...rest } = request;
    if (!Array.isArray(Keys) || Keys.length === 0) throw validation('The Keys of a batch must not be empty');
    count += Keys.length;
    const seen = new Set<string>();
    const found: unknown[] = [];
    for (const Key of Keys) {
      const { name, item, size } = readOne(store, { ...rest, TableName, Key });
      if (seen.has(name)) throw repeated();
      seen.add(name);
      if (bytes + size > bytesPerBatch) {
        UnprocessedKeys[TableName] ??= { ...rest, Keys: [] };
        UnprocessedKeys[TableName].Keys.push(Key);
      } else if (item) {
        found.push(item);
        bytes += size;
      }
    }
    Responses[TableName] = found;
  }
  if (requests.length === 0) throw validation('The batch request list for a table cannot be null or empty');
  if (count > keysPerBatch) throw validation('Too many items requested for the BatchGetItem call');
  return { Responses, UnprocessedKeys };
}

export function batchWrite(store: Store, input: Input): Record<string, unknown> {
  onlyKnown('BatchWriteItem', input, new Set(['RequestItems']));
  const seen = new Set<string>();
  const writes = Object.entries(requiredRecord(input, 'RequestItems')).flatMap(([TableName, requests]) => {
    if (!Array.isArray(requests) || requests.length === 0)
      throw validation('The batch request list is empty');
    return requests.map(({ PutRequest, DeleteRequest, ...others }: Record<string, unknown>) => {
      const request = PutRequest ?? DeleteRequest;
      if (Object.keys(others).length > 0 || !isRecord(request)) throw unknownHere('such a batch of writes');
      const kind = PutRequest === undefined ? 'Delete' : 'Put';
      const prepared = asked(() => prepareWrite(store, kind, { TableName, ...request }));
      const name = keyText(prepared.table.spec.name, prepared.key);
      if (seen.has(name)) throw repeated();
      seen.add(name);
      return prepared;
    });
  });
  if (writes.length === 0 || writes.length > writesPerBatch) {
    throw validation('Too many items requested for the BatchWriteItem call');
  }
  for (const { table, key, next } of writes) {
    const old = table.find(key);
    store.commit([{ table, old, row: next(old) }]);
  }
  return { UnprocessedItems: {} };
}
