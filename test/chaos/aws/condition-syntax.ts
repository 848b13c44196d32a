import { Cursor, type ExpressionKind, type Path } from './tokens.ts';

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'size'; readonly path: Path };

export const comparators = ['=', '<>', '<', '<=', '>', '>='] as const;
export type Comparator = (typeof comparators)[number];

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly by: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly of: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly of: Operand; readonly options: readonly Operand[] }
  | { readonly kind: 'exists'; readonly path: Path; readonly wanted: boolean }
  | { readonly kind: 'type'; readonly path: Path; readonly type: string }
  | { readonly kind: 'begins_with' | 'contains'; readonly left: Operand; readonly right: Operand };

export interface ConditionSyntax {
  readonly condition: Condition;
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

/** Parses a condition, key condition or filter. @throws ValidationException when it is none */
export function parseCondition(kind: ExpressionKind, text: string): ConditionSyntax {
  const cursor = new Cursor(kind, text);
  const condition = disjunction(cursor);
  cursor.end();
  return { condition, names: cursor.names, values: cursor.values };
}

function disjunction(cursor: Cursor): Condition {
  let left = conjunction(cursor);
  while (cursor.takeWord('OR')) left = { kind: 'or', left, right: conjunction(cursor) };
  return left;
}

function conjunction(cursor: Cursor): Condition {
  let left = negation(cursor);
  while (cursor.takeWord('AND')) left = { kind: 'and', left, right: negation(cursor) };
  return left;
}

function negation(cursor: Cursor): Condition {
  return cursor.takeWord('NOT') ? { kind: 'not', of: negation(cursor) } : term(cursor);
}

function term(cursor: Cursor): Condition {
  if (cursor.take('(')) {
    const inner = disjunction(cursor);
    cursor.expect(')');
    return inner;
  }
  return functionCall(cursor) ?? comparison(cursor);
}

function functionCall(cursor: Cursor): Condition | undefined {
  const name = cursor.peek();
  if (cursor.peek(1) !== '(' || name === 'size') return undefined;
  const call = <C extends Condition>(parse: () => C): C => {
    cursor.next();
    cursor.expect('(');
    const parsed = parse();
    cursor.expect(')');
    return parsed;
  };
  const second = <T>(parse: () => T): T => {
    cursor.expect(',');
    return parse();
  };
  switch (name) {
    case 'attribute_exists':
    case 'attribute_not_exists':
      return call(() => ({ kind: 'exists', path: cursor.path(), wanted: name === 'attribute_exists' }));
    case 'attribute_type':
      return call(() => ({ kind: 'type', path: cursor.path(), type: second(() => cursor.value()) }));
    case 'begins_with':
    case 'contains':
      return call(() => ({ kind: name, left: operand(cursor), right: second(() => operand(cursor)) }));
    default:
      throw cursor.wrong(`invalid function name; function: ${name}`);
  }
}

function comparison(cursor: Cursor): Condition {
  const left = operand(cursor);
  if (cursor.takeWord('BETWEEN')) {
    const low = operand(cursor);
    if (!cursor.takeWord('AND')) throw cursor.wrong('BETWEEN without AND');
    return { kind: 'between', of: left, low, high: operand(cursor) };
  }
  if (cursor.takeWord('IN')) {
    cursor.expect('(');
    const options = [operand(cursor)];
    while (cursor.take(',')) options.push(operand(cursor));
    cursor.expect(')');
    return { kind: 'in', of: left, options };
  }
  const found = cursor.next();
  const by = comparators.find((comparator) => comparator === found);
  if (!by) throw cursor.wrong(`token: "${found}", where a comparator belongs`);
  return { kind: 'compare', by, left, right: operand(cursor) };
}

function operand(cursor: Cursor): Operand {
  if (cursor.isValue()) return { kind: 'value', name: cursor.value() };
  if (cursor.peek() === 'size' && cursor.peek(1) === '(') {
    cursor.next();
    cursor.expect('(');
    const path = cursor.path();
    cursor.expect(')');
    return { kind: 'size', path };
  }
  return { kind: 'path', path: cursor.path() };
}
