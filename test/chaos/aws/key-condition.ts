import type { Condition, Operand } from './condition-syntax.ts';
import { type Environment, resolvePath } from './environment.ts';
import { validation } from './errors.ts';
import type { KeyAttribute, KeySchema, KeyValue, Value } from './types.ts';
import { order, typeOf } from './values.ts';

/** The part of a partition that a key condition names: from the first that is reached to the first that is past. */
export interface KeyRange {
  readonly partition: KeyValue;
  readonly reaches: (sort: Value) => boolean;
  readonly passes: (sort: Value) => boolean;
}

/** One comparison of a key with constants. */
interface Term {
  readonly attribute: string;
  readonly by: '=' | '<' | '<=' | '>' | '>=' | 'BETWEEN' | 'begins_with';
  readonly values: readonly Value[];
}

const unsupported = (why: string) => validation(`Invalid KeyConditionExpression: ${why}`);

/** @throws ValidationException for what is a condition but not one of keys */
export function keyRange(schema: KeySchema, condition: Condition, environment: Environment): KeyRange {
  const terms = conjuncts(condition).map((part) => toTerm(part, environment));
  if (terms.length > 2) throw unsupported('Conditions can be of length 1 or 2 only');
  const partition = terms.find(({ attribute }) => attribute === schema.partition.name);
  if (!partition) throw validation(`Query condition missed key schema element: ${schema.partition.name}`);
  if (partition.by !== '=') throw validation('Query key condition not supported');
  const value = checked(schema.partition, partition.values[0]);
  const other = terms.find((term) => term !== partition);
  if (!other) return { partition: value, reaches: () => true, passes: () => false };
  if (!schema.sort || other.attribute !== schema.sort.name) {
    throw validation(
      other.attribute === schema.partition.name
        ? 'KeyConditionExpressions must only contain one condition per key'
        : `Query condition missed key schema element: ${schema.sort?.name ?? other.attribute}`,
    );
  }
  const { sort } = schema;
  return {
    partition: value,
    ...span(
      other.by,
      other.values.map((one) => checked(sort, one)),
    ),
  };
}

function conjuncts(condition: Condition): Condition[] {
  return condition.kind === 'and'
    ? [...conjuncts(condition.left), ...conjuncts(condition.right)]
    : [condition];
}

function toTerm(condition: Condition, environment: Environment): Term {
  const attribute = (operand: Operand): string => {
    if (operand.kind !== 'path') throw unsupported('Invalid operand in key condition');
    const [name, ...rest] = resolvePath(operand.path, environment);
    if (typeof name !== 'string' || rest.length > 0) {
      throw unsupported('KeyConditionExpressions cannot have conditions on nested attributes');
    }
    return name;
  };
  const constant = (operand: Operand): Value => {
    const value = operand.kind === 'value' ? environment.values[operand.name] : undefined;
    if (value === undefined) throw unsupported('A key is compared with constants only');
    return value;
  };
  switch (condition.kind) {
    case 'compare': {
      const { by, left, right } = condition;
      if (by === '<>') throw unsupported('Unsupported operator on KeyCondition: operator: <>');
      if (left.kind === 'value')
        return { attribute: attribute(right), by: mirrored[by], values: [constant(left)] };
      return { attribute: attribute(left), by, values: [constant(right)] };
    }
    case 'between':
      return {
        attribute: attribute(condition.of),
        by: 'BETWEEN',
        values: [constant(condition.low), constant(condition.high)],
      };
    case 'begins_with':
      return {
        attribute: attribute(condition.left),
        by: 'begins_with',
        values: [constant(condition.right)],
      };
    default:
      throw unsupported(`Unsupported operator on KeyCondition: ${condition.kind}`);
  }
}

const mirrored = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

function checked({ name, type }: KeyAttribute, value: Value | undefined): KeyValue {
  if (type === 'N' ? typeof value !== 'number' : typeof value !== 'string') {
    throw validation(
      `One or more parameter values were invalid: Condition parameter type does not match schema type; key: ${name}, type: ${value === undefined ? 'none' : typeOf(value)}`,
    );
  }
  if (value === '') {
    throw validation(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
    );
  }
  return value as KeyValue;
}

function span(by: Term['by'], [first = '', second = first]: readonly KeyValue[]) {
  const compared = (sort: Value, bound: KeyValue): number => order(sort, bound) ?? 0;
  const always = () => true;
  const never = () => false;
  const from = (sort: Value) => compared(sort, first) >= 0;
  const after = (sort: Value) => compared(sort, first) > 0;
  switch (by) {
    case '=':
      return { reaches: from, passes: after };
    case '<':
      return { reaches: always, passes: from };
    case '<=':
      return { reaches: always, passes: after };
    case '>':
      return { reaches: after, passes: never };
    case '>=':
      return { reaches: from, passes: never };
    case 'BETWEEN':
      return { reaches: from, passes: (sort: Value) => compared(sort, second) > 0 };
    case 'begins_with':
      return {
        reaches: from,
        passes: (sort: Value) => after(sort) && !String(sort).startsWith(String(first)),
      };
  }
}
