import type { CancellationReason } from '@aws-sdk/client-dynamodb';
import { cancelled, ItemFault, inAttributeForm, otherParameters, unknownHere, validation } from './errors.ts';
import { type Input, isRecord, onlyKnown, optionalText } from './input.ts';
import { keyText } from './keys.ts';
import { readOne } from './reads.ts';
import type { Store, Write } from './store.ts';
import { copyIn } from './values.ts';
import { holds, type PreparedWrite, prepareWrite, type WriteKind } from './writes.ts';

const maximumActions = 100;
const maximumBytes = 4 * 1024 * 1024;
const kinds = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const satisfies readonly WriteKind[];

type Outcome = Write | CancellationReason;
const fine: CancellationReason = { Code: 'None' };

/** Writes all or nothing. */
export function transactWrite(store: Store, input: Input): Record<string, unknown> {
  onlyKnown('TransactWriteItems', input, new Set(['TransactItems', 'ClientRequestToken']));
  const items = actionsOf(input);
  const token = optionalText(input, 'ClientRequestToken');
  // The caller may change what it sent, once it has its answer.
  const request = token === undefined ? undefined : copyIn(items);
  const use = token === undefined ? 'new' : store.tokenUse(token, request);
  if (use === 'same') return {};
  if (use === 'other') throw otherParameters();
  const prepared = items.map((item) => prepareAction(store, item));
  refuseRepetitions(prepared);
  const outcomes = prepared.map(outcomeOf);
  const writes = outcomes.filter((outcome) => 'table' in outcome);
  if (writes.length < outcomes.length) {
    throw cancelled(outcomes.map((outcome) => ('table' in outcome ? { ...fine } : outcome)));
  }
  const bytes = writes.reduce((sum, { row }) => sum + (row?.size ?? 0), 0);
  if (bytes > maximumBytes) throw validation('Transaction request size exceeds the limit of 4 MB');
  store.commit(writes.filter((_, index) => prepared[index]?.kind !== 'ConditionCheck'));
  if (token !== undefined) store.remember(token, request);
  return {};
}

function actionsOf({ TransactItems: items }: Input): readonly Record<string, unknown>[] {
  if (!Array.isArray(items) || !items.every(isRecord)) throw unknownHere('TransactItems other than a list');
  if (items.length === 0 || items.length > maximumActions) {
    throw validation(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to ${maximumActions} and greater than or equal to 1`,
    );
  }
  return items;
}

type Prepared = (PreparedWrite | { readonly fault: string }) & { readonly kind: WriteKind };

function prepareAction(store: Store, item: Record<string, unknown>): Prepared {
  const given = Object.keys(item).filter((member) => item[member] !== undefined);
  const kind = kinds.find((one) => one === given[0]);
  if (!kind || given.length !== 1) {
    throw validation('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const action = item[kind];
  if (!isRecord(action)) throw unknownHere(`a ${kind} that is no record`);
  try {
    return prepareWrite(store, kind, action);
  } catch (error) {
    if (error instanceof ItemFault) return { kind, fault: error.message };
    throw error;
  }
}

function refuseRepetitions(prepared: readonly Prepared[]): void {
  const seen = new Set<string>();
  for (const action of prepared) {
    if ('fault' in action) continue;
    const name = keyText(action.table.spec.name, action.key);
    if (seen.has(name)) {
      throw validation('Transaction request cannot include multiple operations on one item');
    }
    seen.add(name);
  }
}

function outcomeOf(prepared: Prepared): Outcome {
  if ('fault' in prepared) return { Code: 'ValidationError', Message: prepared.fault };
  const { table, key, returnsStanding } = prepared;
  const old = table.find(key);
  if (!holds(prepared, old)) {
    return {
      Code: 'ConditionalCheckFailed',
      Message: 'The conditional request failed',
      ...(returnsStanding && old ? { Item: inAttributeForm(old.item) } : {}),
    };
  }
  try {
    return { table, old, row: prepared.next(old) };
  } catch (error) {
    if (error instanceof ItemFault) return { Code: 'ValidationError', Message: error.message };
    throw error;
  }
}

/** Reads all as they stand together, in the order in which they were asked for. */
export function transactGet(store: Store, input: Input): Record<string, unknown> {
  onlyKnown('TransactGetItems', input, new Set(['TransactItems']));
  const seen = new Set<string>();
  const Responses = actionsOf(input).map(({ Get, ...others }) => {
    if (!isRecord(Get) || Object.keys(others).length > 0) throw unknownHere('TransactItems other than Get');
    onlyKnown('Get', Get, new Set(['TableName', 'Key', 'ProjectionExpression', 'ExpressionAttributeNames']));
    const { name, item } = readOne(store, Get);
    if (seen.has(name))
      throw validation('Transaction request cannot include multiple operations on one item');
    seen.add(name);
    return item ? { Item: item } : {};
  });
  return { Responses };
}
