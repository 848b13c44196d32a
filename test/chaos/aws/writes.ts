import { type ConditionExpression, conditionOf } from './condition.ts';
import { bind, type Environment, resolveStep } from './environment.ts';
import { conditionFailed, ItemFault, unknownHere, validation } from './errors.ts';
import { type Input, onlyKnown, optionalText, placeholders, requiredRecord } from './input.ts';
import { checkIndexKeys, keyFrom, keyOf, type PrimaryKey } from './keys.ts';
import type { MemoryTable, Row } from './memory-table.ts';
import { projected } from './projection.ts';
import type { Store, Write } from './store.ts';
import { attributeNames } from './table-spec.ts';
import type { Item } from './types.ts';
import { applyUpdate, type UpdateExpression, updateOf } from './update.ts';
import { copyInItem, copyOutItem, sizeOfItem } from './values.ts';

export type WriteKind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/** A write whose request is in order: what is left depends on the item. */
export interface PreparedWrite {
  readonly kind: WriteKind;
  readonly table: MemoryTable;
  readonly key: PrimaryKey;
  readonly returnsStanding: boolean;
  readonly update: UpdateExpression | undefined;
  readonly environment: Environment;
  /** @throws ItemFault */
  readonly next: (old: Row | undefined) => Row | undefined;
  readonly condition: ConditionExpression | undefined;
}

const maximumItemBytes = 400 * 1024;
const shared = [
  'TableName',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ReturnValuesOnConditionCheckFailure',
];
const members: Record<WriteKind, ReadonlySet<string>> = {
  Put: new Set([...shared, 'Item', 'ReturnValues']),
  Update: new Set([...shared, 'Key', 'UpdateExpression', 'ReturnValues']),
  Delete: new Set([...shared, 'Key', 'ReturnValues']),
  ConditionCheck: new Set([...shared, 'Key']),
};
const nothing: Item = {};

/** @throws ValidationException when the request is not in order; ItemFault when its key or item is not */
export function prepareWrite(store: Store, kind: WriteKind, input: Input): PreparedWrite {
  onlyKnown(kind, input, members[kind]);
  const table = store.table(input.TableName);
  const conditionText = optionalText(input, 'ConditionExpression');
  const condition =
    conditionText === undefined ? undefined : conditionOf('ConditionExpression', conditionText);
  if (kind === 'ConditionCheck' && !condition) throw validation('ConditionExpression must not be null');
  const updateText = kind === 'Update' ? optionalText(input, 'UpdateExpression') : undefined;
  const update = updateText === undefined ? undefined : updateOf(updateText);
  const environment = bind(placeholders(input), condition, update);
  if (update) refuseKeyUpdates(table, update, environment);
  const returnsStanding = returnsOld(input);
  const common = { kind, table, condition, update, environment, returnsStanding };
  if (kind === 'Put') {
    const item = copyInItem(requiredRecord(input, 'Item'));
    const row = toRow(table, item, 'Item size has exceeded the maximum allowed size');
    return { ...common, key: row, next: () => row };
  }
  const given = copyInItem(requiredRecord(input, 'Key'));
  const key = keyFrom(table.spec, given);
  if (kind === 'Delete') return { ...common, key, next: () => undefined };
  if (kind === 'ConditionCheck') return { ...common, key, next: (old) => old };
  const next = (old: Row | undefined): Row => {
    const before = old?.item ?? given;
    const after = update ? applyUpdate(before, update, environment) : before;
    return toRow(table, after, 'Item size to update has exceeded the maximum allowed size');
  };
  return { ...common, key, next };
}

function toRow(table: MemoryTable, item: Item, tooLarge: string): Row {
  const { partition, sort } = keyOf(table.spec, item);
  checkIndexKeys(table.spec, item);
  const size = sizeOfItem(item);
  if (size > maximumItemBytes) throw new ItemFault(tooLarge);
  return { partition, sort, item, size };
}

function refuseKeyUpdates(table: MemoryTable, { paths }: UpdateExpression, environment: Environment): void {
  const keys = attributeNames(table.spec);
  for (const [first] of paths) {
    const name = first === undefined ? undefined : resolveStep(first, environment);
    if (typeof name === 'string' && keys.includes(name)) {
      throw validation(
        `One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`,
      );
    }
  }
}

function returnsOld(input: Input): boolean {
  const wanted = optionalText(input, 'ReturnValuesOnConditionCheckFailure') ?? 'NONE';
  if (wanted !== 'NONE' && wanted !== 'ALL_OLD') {
    throw unknownHere(`ReturnValuesOnConditionCheckFailure ${wanted}`);
  }
  return wanted === 'ALL_OLD';
}

export function holds({ condition, environment }: PreparedWrite, old: Row | undefined): boolean {
  return condition === undefined || condition.holds(old?.item ?? nothing, environment);
}

/** PutItem, UpdateItem and DeleteItem. */
export function writeOne(store: Store, kind: 'Put' | 'Update' | 'Delete', input: Input) {
  const wanted = returnValues(kind, input);
  try {
    const prepared = prepareWrite(store, kind, input);
    const { table, key, returnsStanding } = prepared;
    const old = table.find(key);
    if (!holds(prepared, old)) throw conditionFailed(returnsStanding ? old?.item : undefined);
    const row = prepared.next(old);
    store.commit([{ table, old, row }]);
    return answer(wanted, prepared, { table, old, row });
  } catch (error) {
    throw error instanceof ItemFault ? validation(error.message) : error;
  }
}

const returnable = {
  Put: ['NONE', 'ALL_OLD'],
  Delete: ['NONE', 'ALL_OLD'],
  Update: ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW'],
};

function returnValues(kind: 'Put' | 'Update' | 'Delete', input: Input): string {
  const wanted = optionalText(input, 'ReturnValues') ?? 'NONE';
  if (!returnable[kind].includes(wanted)) throw validation('Return values set to invalid value');
  return wanted;
}

function answer(wanted: string, { update, environment }: PreparedWrite, { old, row }: Write) {
  if (wanted === 'NONE') return {};
  const source = wanted.endsWith('OLD') ? old?.item : row?.item;
  if (!source) return {};
  if (wanted.startsWith('ALL')) return { Attributes: copyOutItem(source) };
  if (!update) return {};
  const Attributes = projected(source, { ...update, kind: 'ProjectionExpression' }, environment);
  return Object.keys(Attributes).length > 0 ? { Attributes: copyOutItem(Attributes) } : {};
}
