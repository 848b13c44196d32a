import { type Comparator, type Condition, type Operand, parseCondition } from './condition-syntax.ts';
import { type Environment, type Parsed, reader } from './environment.ts';
import { validation } from './errors.ts';
import type { ExpressionKind } from './tokens.ts';
import type { Item, Value } from './types.ts';
import { equal, isList, isMap, isSet, order, typeOf } from './values.ts';

type Test = (item: Item, environment: Environment) => boolean;
type Read = (item: Item, environment: Environment) => Value | undefined;
type Check = (environment: Environment) => void;

export interface ConditionExpression extends Parsed {
  readonly condition: Condition;
  /** Whether it holds of an item; what does not exist is an empty one. */
  readonly holds: Test;
}

const cache = new Map<string, ConditionExpression>();

/** The condition or filter, parsed once for each text. */
export function conditionOf(kind: ExpressionKind, text: string): ConditionExpression {
  const key = `${kind} ${text}`;
  const known = cache.get(key);
  if (known) return known;
  const { condition, names, values } = parseCondition(kind, text);
  const checks: Check[] = [];
  const holds = compile(kind, condition, checks);
  const check: Check = (environment) => {
    for (const one of checks) one(environment);
  };
  const parsed = { kind, names, values, condition, holds, ...(checks.length > 0 ? { check } : {}) };
  cache.set(key, parsed);
  return parsed;
}

function compile(kind: ExpressionKind, condition: Condition, checks: Check[]): Test {
  const compiled = (inner: Condition): Test => compile(kind, inner, checks);
  switch (condition.kind) {
    case 'and': {
      const [left, right] = [compiled(condition.left), compiled(condition.right)];
      return (item, environment) => left(item, environment) && right(item, environment);
    }
    case 'or': {
      const [left, right] = [compiled(condition.left), compiled(condition.right)];
      return (item, environment) => left(item, environment) || right(item, environment);
    }
    case 'not': {
      const inner = compiled(condition.of);
      return (item, environment) => !inner(item, environment);
    }
    case 'compare': {
      const { by } = condition;
      const [left, right] = [operandReader(condition.left), operandReader(condition.right)];
      if (by !== '=' && by !== '<>') {
        for (const operand of [condition.left, condition.right]) checks.push(ordered(kind, by, operand));
      }
      return (item, environment) => compare(by, left(item, environment), right(item, environment));
    }
    case 'between': {
      const [of, low, high] = [condition.of, condition.low, condition.high].map(operandReader) as [
        Read,
        Read,
        Read,
      ];
      for (const operand of [condition.of, condition.low, condition.high]) {
        checks.push(ordered(kind, 'BETWEEN', operand));
      }
      checks.push(bounds(kind, condition.low, condition.high));
      return (item, environment) => {
        const value = of(item, environment);
        return compare('>=', value, low(item, environment)) && compare('<=', value, high(item, environment));
      };
    }
    case 'in': {
      const of = operandReader(condition.of);
      const options = condition.options.map(operandReader);
      return (item, environment) => {
        const value = of(item, environment);
        return options.some((option) => compare('=', value, option(item, environment)));
      };
    }
    case 'exists': {
      const read = reader(condition.path);
      const { wanted } = condition;
      return (item, environment) => (read(item, environment) !== undefined) === wanted;
    }
    case 'type': {
      const read = reader(condition.path);
      const { type } = condition;
      checks.push(typeName(kind, type));
      return (item, environment) => {
        const value = read(item, environment);
        return value !== undefined && typeOf(value) === environment.values[type];
      };
    }
    case 'begins_with': {
      const [left, right] = [operandReader(condition.left), operandReader(condition.right)];
      for (const operand of [condition.left, condition.right]) checks.push(prefix(kind, operand));
      return (item, environment) => {
        const [text, start] = [left(item, environment), right(item, environment)];
        return typeof text === 'string' && typeof start === 'string' && text.startsWith(start);
      };
    }
    case 'contains': {
      const [left, right] = [operandReader(condition.left), operandReader(condition.right)];
      return (item, environment) => contains(left(item, environment), right(item, environment));
    }
  }
}

function operandReader(operand: Operand): Read {
  if (operand.kind === 'value') return (_, { values }) => values[operand.name];
  const read = reader(operand.path);
  return operand.kind === 'path' ? read : (item, environment) => sizeFunction(read(item, environment));
}

function compare(by: Comparator, left: Value | undefined, right: Value | undefined): boolean {
  // What is missing equals nothing and is before or after nothing.
  if (left === undefined || right === undefined) return by === '<>';
  if (by === '=') return equal(left, right);
  if (by === '<>') return !equal(left, right);
  const difference = order(left, right);
  if (difference === undefined) return false;
  switch (by) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
  }
}

function contains(whole: Value | undefined, part: Value | undefined): boolean {
  if (whole === undefined || part === undefined) return false;
  if (typeof whole === 'string') return typeof part === 'string' && whole.includes(part);
  if (isList(whole)) return whole.some((member) => equal(member, part));
  return isSet(whole) && new Set<unknown>(whole).has(part);
}

function sizeFunction(value: Value | undefined): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value, 'utf8');
  if (value instanceof Uint8Array || isList(value)) return value.length;
  if (isSet(value)) return value.size;
  return isMap(value) ? Object.keys(value).length : undefined;
}

function constant(operand: Operand, { values }: Environment): Value | undefined {
  return operand.kind === 'value' ? values[operand.name] : undefined;
}

function wrongType(kind: ExpressionKind, by: string, value: Value): Error {
  return validation(
    `Invalid ${kind}: Incorrect operand type for operator or function; operator or function: ${by}, operand type: ${typeOf(value)}`,
  );
}

function ordered(kind: ExpressionKind, by: string, operand: Operand): Check {
  return (environment) => {
    const value = constant(operand, environment);
    if (value !== undefined && order(value, value) === undefined) throw wrongType(kind, by, value);
  };
}

function bounds(kind: ExpressionKind, low: Operand, high: Operand): Check {
  return (environment) => {
    const [from, to] = [constant(low, environment), constant(high, environment)];
    if (from === undefined || to === undefined) return;
    const difference = order(from, to);
    if (difference !== undefined && difference <= 0) return;
    throw validation(
      difference === undefined
        ? `Invalid ${kind}: The BETWEEN operator requires same data type for lower and upper bounds`
        : `Invalid ${kind}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound`,
    );
  };
}

function prefix(kind: ExpressionKind, operand: Operand): Check {
  return (environment) => {
    const value = constant(operand, environment);
    if (value !== undefined && typeof value !== 'string') throw wrongType(kind, 'begins_with', value);
  };
}

const typeNames = new Set(['S', 'SS', 'N', 'NS', 'B', 'BS', 'BOOL', 'NULL', 'L', 'M']);

function typeName(kind: ExpressionKind, placeholder: string): Check {
  return ({ values }) => {
    const value = values[placeholder];
    if (typeof value !== 'string' || !typeNames.has(value)) {
      throw validation(`Invalid ${kind}: Invalid attribute type name found; type: ${String(value)}`);
    }
  };
}
