import { conditionOf } from './condition.ts';
import { bind } from './environment.ts';
import { unknownHere, validation } from './errors.ts';
import { type Input, onlyKnown, optionalRecord, optionalText, placeholders } from './input.ts';
import { type KeyRange, keyRange } from './key-condition.ts';
import { keyAttributes, keyOf } from './keys.ts';
import { firstThat, type MemoryTable, type Ordered, type Row } from './memory-table.ts';
import { projected, projectionOf } from './projection.ts';
import type { Store } from './store.ts';
import { attributeNames } from './table-spec.ts';
import type { IndexSpec, Item, KeySchema, Value } from './types.ts';
import { copyInItem, copyOutItem } from './values.ts';

const members = new Set([
  'TableName',
  'IndexName',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ScanIndexForward',
  'Limit',
  'ExclusiveStartKey',
  'ConsistentRead',
  'Select',
]);
const bytesPerPage = 1024 * 1024;

export function query(store: Store, input: Input): Record<string, unknown> {
  onlyKnown('Query', input, members);
  const table = store.table(input.TableName);
  const { index, schema } = source(table, input);
  const keyText = optionalText(input, 'KeyConditionExpression');
  if (keyText === undefined) {
    throw validation('The request must have a KeyConditionExpression');
  }
  const keyCondition = conditionOf('KeyConditionExpression', keyText);
  const filterText = optionalText(input, 'FilterExpression');
  const filter = filterText === undefined ? undefined : conditionOf('FilterExpression', filterText);
  const projectionText = optionalText(input, 'ProjectionExpression');
  const projection = projectionText === undefined ? undefined : projectionOf(projectionText);
  const environment = bind(placeholders(input), keyCondition, filter, projection);
  const range = keyRange(schema, keyCondition.condition, environment);
  if (filter) refuseKeysIn(filter.names, filterText ?? '', schema, environment.names);

  const { page, isMore } = readPage(spanOf(table, input, range), pageLimit(input.Limit));
  const held = page.map(({ item }) => (index?.holds ? only(item, index.holds) : item));
  const found = filter ? held.filter((item) => filter.holds(item, environment)) : held;
  const last = page.at(-1);
  const answer = {
    Count: found.length,
    ScannedCount: page.length,
    ...(isMore && last ? { LastEvaluatedKey: positionOf(table, index, last.item) } : {}),
  };
  if (input.Select === 'COUNT') return answer;
  if (input.Select !== undefined) throw unknownHere(`Select ${String(input.Select)}`);
  const Items = found.map((item) => copyOutItem(projected(item, projection, environment)));
  return { Items, ...answer };
}

/** The rows of a partition from `low` up to, without it, `high`. */
interface Span {
  readonly rows: readonly Row[];
  readonly low: number;
  readonly high: number;
  readonly forward: boolean;
}

/** What is left to read of a key range, after the position that the request starts from. */
function spanOf(table: MemoryTable, input: Input, range: KeyRange): Span {
  const { index, schema, rows } = source(table, input);
  const all = rows.in(range.partition);
  const low = firstThat(all, (row) => range.reaches(sortValue(schema, row)));
  const high = firstThat(all, (row) => range.passes(sortValue(schema, row)));
  const forward = input.ScanIndexForward !== false;
  const start = optionalRecord(input, 'ExclusiveStartKey');
  if (!start) return { rows: all, low, high, forward };
  const position = startRow(table, index, schema, start);
  if (position.item[schema.partition.name] !== range.partition) {
    throw validation('The provided starting key is outside query boundaries based on provided conditions');
  }
  if (forward) {
    const after = firstThat(all, (row) => rows.order(row, position) > 0);
    return { rows: all, low: Math.max(low, after), high, forward };
  }
  const from = firstThat(all, (row) => rows.order(row, position) >= 0);
  return { rows: all, low, high: Math.min(high, from), forward };
}

function readPage({ rows, low, high, forward }: Span, limit: number) {
  const page: Row[] = [];
  let bytes = 0;
  for (let step = 0; step < high - low; step += 1) {
    const row = rows[forward ? low + step : high - 1 - step];
    // DynamoDB stops at the limit without a look at what comes after it.
    if (!row || page.length === limit) break;
    bytes += row.size;
    if (page.length > 0 && bytes > bytesPerPage) return { page, isMore: true };
    page.push(row);
  }
  return { page, isMore: page.length === limit };
}

function source(
  table: MemoryTable,
  input: Input,
): { index: IndexSpec | undefined; schema: KeySchema; rows: Ordered } {
  const name = optionalText(input, 'IndexName');
  if (name === undefined) return { index: undefined, schema: table.spec, rows: table.rows };
  const index = table.indexes.get(name);
  if (!index) throw validation(`The table does not have the specified index: ${name}`);
  if (input.ConsistentRead === true) {
    throw validation('Consistent reads are not supported on global secondary indexes');
  }
  return { index: index.spec, schema: index.spec, rows: index.rows };
}

function sortValue({ sort }: KeySchema, row: Row): Value {
  return sort ? (row.item[sort.name] ?? '') : '';
}

function pageLimit(limit: unknown): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1) return limit;
  throw validation(
    `1 validation error detected: Value '${String(limit)}' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1`,
  );
}

/** The place from which a query goes on, as a row that need not be there any more. */
function startRow(
  table: MemoryTable,
  index: IndexSpec | undefined,
  schema: KeySchema,
  start: Record<string, unknown>,
): Row {
  const item = copyInItem(start);
  const names = new Set([...attributeNames(table.spec), ...attributeNames(schema)]);
  const isWhole = Object.keys(item).length === names.size && [...names].every((name) => name in item);
  if (!isWhole) throw validation('The provided starting key is invalid');
  try {
    if (index) keyOf(index, item);
    return { ...keyOf(table.spec, item), item, size: 0 };
  } catch {
    throw validation('The provided starting key is invalid');
  }
}

function positionOf(table: MemoryTable, index: IndexSpec | undefined, item: Item) {
  return { ...keyAttributes(table.spec, item), ...(index ? keyAttributes(index, item) : {}) };
}

function only(item: Item, names: ReadonlySet<string>): Item {
  const held: Record<string, Value> = {};
  for (const name of names) {
    const value = item[name];
    if (value !== undefined) held[name] = value;
  }
  return held;
}

function refuseKeysIn(
  placeholdersUsed: ReadonlySet<string>,
  text: string,
  schema: KeySchema,
  names: Readonly<Record<string, string>>,
): void {
  const used = new Set([
    ...[...placeholdersUsed].map((placeholder) => names[placeholder]),
    ...(text.match(/(?<![#:.\w])[A-Za-z_]\w*/g) ?? []),
  ]);
  const key = attributeNames(schema).find((name) => used.has(name));
  if (key !== undefined) {
    throw validation(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${key}`,
    );
  }
}
