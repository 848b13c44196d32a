import { type Environment, type Parsed, read, resolvePath } from './environment.ts';
import { ItemFault, unknownHere, validation } from './errors.ts';
import { put, removeAll } from './paths.ts';
import type { Path } from './tokens.ts';
import type { Item, Value } from './types.ts';
import { parseUpdate, type UpdateOperand, type UpdateSyntax } from './update-syntax.ts';
import { isList, isSet, typeOf } from './values.ts';

export interface UpdateExpression extends Parsed {
  readonly syntax: UpdateSyntax;
  /** Every path that it writes, in the expression's own words. */
  readonly paths: readonly Path[];
}

const cache = new Map<string, UpdateExpression>();

/** The update expression, parsed once for each text. */
export function updateOf(text: string): UpdateExpression {
  const known = cache.get(text);
  if (known) return known;
  const syntax = parseUpdate(text);
  const paths = [...syntax.set, ...syntax.remove, ...syntax.add, ...syntax.delete].map(({ path }) => path);
  const { names, values } = syntax;
  const check = (environment: Environment): void => {
    refuseOverlaps(paths.map((path) => resolvePath(path, environment)));
    checkTypes(syntax, environment);
  };
  const parsed = { kind: 'UpdateExpression' as const, names, values, syntax, paths, check };
  cache.set(text, parsed);
  return parsed;
}

/**
 * The item after the update: every value is computed from the item as it stood before.
 * @throws ItemFault when the item does not suit it
 */
export function applyUpdate(before: Item, { syntax }: UpdateExpression, environment: Environment): Item {
  const writes: { path: Path; value: Value }[] = [];
  const removals = syntax.remove.map(({ path }) => resolvePath(path, environment));
  for (const { path, to } of syntax.set) {
    writes.push({ path: resolvePath(path, environment), value: evaluate(before, to, environment) });
  }
  for (const { path, value } of syntax.add) {
    const target = resolvePath(path, environment);
    writes.push({ path: target, value: added(read(before, target), constantOf(environment, value)) });
  }
  for (const { path, value } of syntax.delete) {
    const target = resolvePath(path, environment);
    const rest = without(read(before, target), constantOf(environment, value));
    if (rest === undefined) removals.push(target);
    else writes.push({ path: target, value: rest });
  }
  // Values beyond a list's end are appended in the order of their places.
  writes.sort((a, b) => lastIndex(a.path) - lastIndex(b.path));
  let item = before;
  for (const { path, value } of writes) item = put(item, path, value);
  return removeAll(item, removals);
}

function lastIndex(path: Path): number {
  const last = path.at(-1);
  return typeof last === 'number' ? last : -1;
}

function constantOf(environment: Environment, name: string): Value {
  const value = environment.values[name];
  if (value === undefined) throw validation(`Invalid UpdateExpression: ${name} is not defined`);
  return value;
}

function evaluate(item: Item, operand: UpdateOperand, environment: Environment): Value {
  const inner = (part: UpdateOperand): Value => evaluate(item, part, environment);
  switch (operand.kind) {
    case 'value':
      return constantOf(environment, operand.name);
    case 'path': {
      const found = read(item, resolvePath(operand.path, environment));
      if (found === undefined) {
        throw new ItemFault('The provided expression refers to an attribute that does not exist in the item');
      }
      return found;
    }
    case 'if_not_exists':
      return read(item, resolvePath(operand.path, environment)) ?? inner(operand.otherwise);
    case 'list_append': {
      const [left, right] = [inner(operand.left), inner(operand.right)];
      if (isList(left) && isList(right)) return [...left, ...right];
      throw wrongData();
    }
    case '+':
    case '-': {
      const [left, right] = [inner(operand.left), inner(operand.right)];
      if (typeof left !== 'number' || typeof right !== 'number') throw wrongData();
      return sum(left, operand.kind === '+' ? right : -right);
    }
  }
}

function wrongData(): ItemFault {
  return new ItemFault('An operand in the update expression has an incorrect data type');
}

/** DynamoDB reckons in decimals of 38 digits; whole numbers as JavaScript has them come to the same. */
function sum(left: number, right: number): number {
  const result = left + right;
  if (![left, right, result].every(Number.isSafeInteger))
    throw unknownHere('arithmetic beyond safe integers');
  return result === 0 ? 0 : result;
}

function added(present: Value | undefined, value: Value): Value {
  if (typeof value === 'number') {
    if (present === undefined) return value;
    if (typeof present !== 'number') throw wrongData();
    return sum(present, value);
  }
  if (present === undefined) return value;
  if (!isSet(present) || !isSet(value) || typeOf(present) !== typeOf(value)) throw wrongData();
  return new Set<unknown>([...present, ...value]) as Value;
}

function without(present: Value | undefined, value: Value): Value | undefined {
  if (present === undefined) return undefined;
  if (!isSet(present) || !isSet(value) || typeOf(present) !== typeOf(value)) throw wrongData();
  const gone = new Set<unknown>(value);
  const rest = [...present].filter((member) => !gone.has(member));
  return rest.length > 0 ? (new Set<unknown>(rest) as Value) : undefined;
}

function refuseOverlaps(paths: readonly Path[]): void {
  paths.forEach((path, index) => {
    for (const other of paths.slice(index + 1)) {
      const length = Math.min(path.length, other.length);
      const differs = path.slice(0, length).findIndex((step, at) => step !== other[at]);
      if (differs === -1) {
        throw validation(
          'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of ' +
            `these paths; path one: [${path.join(', ')}], path two: [${other.join(', ')}]`,
        );
      }
      if (typeof path[differs] !== typeof other[differs]) {
        throw validation('Invalid UpdateExpression: Two document paths conflict with each other');
      }
    }
  });
}

function checkTypes(syntax: UpdateSyntax, environment: Environment): void {
  for (const { to } of syntax.set) checkOperand(to, environment);
  for (const { value } of syntax.add) {
    const given = constantOf(environment, value);
    if (typeof given !== 'number' && !isSet(given)) throw wrongOperand('ADD', given);
  }
  for (const { value } of syntax.delete) {
    const given = constantOf(environment, value);
    if (!isSet(given)) throw wrongOperand('DELETE', given);
  }
}

function checkOperand(operand: UpdateOperand, environment: Environment): void {
  if (operand.kind === 'path' || operand.kind === 'value') return;
  if (operand.kind === 'if_not_exists') {
    checkOperand(operand.otherwise, environment);
    return;
  }
  for (const part of [operand.left, operand.right]) {
    checkOperand(part, environment);
    if (part.kind !== 'value') continue;
    const given = constantOf(environment, part.name);
    const fits = operand.kind === 'list_append' ? isList(given) : typeof given === 'number';
    if (!fits) throw wrongOperand(operand.kind, given);
  }
}

function wrongOperand(operator: string, value: Value): Error {
  return validation(
    `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ${operator}, operand type: ${typeOf(value)}`,
  );
}
