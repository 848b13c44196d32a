import { ItemFault } from './errors.ts';
import type { Item, KeyAttribute, KeySchema, KeyValue, TableSpec, Value } from './types.ts';
import { orderTexts, typeOf } from './values.ts';

/** What names an item in its table. Tables without a sort key have the empty text for it. */
export interface PrimaryKey {
  readonly partition: KeyValue;
  readonly sort: KeyValue;
}

const mismatch = () => new ItemFault('The provided key element does not match the schema');

/** The key that a request gives: these attributes and no others. */
export function keyFrom(spec: KeySchema, given: Item): PrimaryKey {
  let count = 0;
  for (const _ in given) count += 1;
  if (count !== (spec.sort ? 2 : 1)) throw mismatch();
  return {
    partition: keyValue(spec.partition, given[spec.partition.name], mismatch),
    sort: spec.sort ? keyValue(spec.sort, given[spec.sort.name], mismatch) : '',
  };
}

/** The key of a whole item. */
export function keyOf(spec: KeySchema, item: Item): PrimaryKey {
  return {
    partition: keyInItem(spec.partition, item),
    sort: spec.sort ? keyInItem(spec.sort, item) : '',
  };
}

function keyInItem(attribute: KeyAttribute, item: Item): KeyValue {
  const value = item[attribute.name];
  return keyValue(attribute, value, () =>
    value === undefined
      ? new ItemFault(
          `One or more parameter values were invalid: Missing the key ${attribute.name} in the item`,
        )
      : new ItemFault(
          `One or more parameter values were invalid: Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${typeOf(value)}`,
        ),
  );
}

function keyValue({ name, type }: KeyAttribute, value: Value | undefined, refusal: () => Error): KeyValue {
  if (type === 'N' ? typeof value === 'number' : typeof value === 'string') {
    if (value !== '') return value as KeyValue;
    throw new ItemFault(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
    );
  }
  throw refusal();
}

/** @throws ItemFault for an attribute that is a key of an index and has not the index's type */
export function checkIndexKeys(spec: TableSpec, item: Item): void {
  for (const { name: index, partition, sort } of spec.indexes.values()) {
    checkIndexKey(index, partition, item);
    if (sort) checkIndexKey(index, sort, item);
  }
}

function checkIndexKey(index: string, { name, type }: KeyAttribute, item: Item): void {
  const value = item[name];
  if (value === undefined) return;
  if (type === 'N' ? typeof value !== 'number' : typeof value !== 'string') {
    throw new ItemFault(
      `One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index}`,
    );
  }
  if (value === '') {
    throw new ItemFault(
      `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index}, IndexKey: ${name}`,
    );
  }
}

export function orderKeys(a: KeyValue, b: KeyValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return orderTexts(String(a), String(b));
}

export function orderPrimaryKeys(a: PrimaryKey, b: PrimaryKey): number {
  return orderKeys(a.partition, b.partition) || orderKeys(a.sort, b.sort);
}

/** The attributes of a key, as answers name a position. */
export function keyAttributes(spec: KeySchema, item: Item): Item {
  const { partition, sort } = spec;
  const attributes: Record<string, Value> = { [partition.name]: item[partition.name] ?? '' };
  if (sort) attributes[sort.name] = item[sort.name] ?? '';
  return attributes;
}

/** A text that no other item of any table has. */
export function keyText(table: string, { partition, sort }: PrimaryKey): string {
  return JSON.stringify([table, partition, sort]);
}
