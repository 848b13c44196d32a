import { validation } from './errors.ts';
import type { ExpressionKind, Path, Step } from './tokens.ts';
import type { Item, Value } from './types.ts';
import { copyInItem, isList, isMap } from './values.ts';

/** What the placeholders of a request's expressions stand for. */
export interface Environment {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, Value>>;
}

/** An expression that has been parsed; the same for every request that sends its text. */
export interface Parsed {
  readonly kind: ExpressionKind;
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
  /** What is wrong whatever the item: the types of values. */
  readonly check?: (environment: Environment) => void;
}

export interface Placeholders {
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Record<string, unknown> | undefined;
}

const none: Environment = { names: {}, values: {} };

/** Gives every placeholder its meaning. @throws ValidationException for one without, and for one that is not used */
export function bind(input: Placeholders, ...expressions: readonly (Parsed | undefined)[]): Environment {
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: given } = input;
  const values = given && copyInItem(given);
  if (expressions.every((expression) => expression === undefined)) {
    const what = names ? 'ExpressionAttributeNames' : values ? 'ExpressionAttributeValues' : undefined;
    if (what) throw validation(`${what} can only be specified when using expressions`);
    return none;
  }
  refuseEmpty('ExpressionAttributeNames', names);
  refuseEmpty('ExpressionAttributeValues', values);
  for (const expression of expressions) {
    if (!expression) continue;
    const { kind } = expression;
    for (const name of expression.names) {
      if (names?.[name] === undefined) throw undefinedPlaceholder(kind, 'name', name);
    }
    for (const value of expression.values) {
      if (values?.[value] === undefined) throw undefinedPlaceholder(kind, 'value', value);
    }
  }
  refuseUnused('Names', names, (name) => expressions.some((expression) => expression?.names.has(name)));
  refuseUnused('Values', values, (value) => expressions.some((expression) => expression?.values.has(value)));
  const environment = { names: names ?? none.names, values: values ?? none.values };
  for (const expression of expressions) expression?.check?.(environment);
  return environment;
}

function refuseEmpty(what: string, given: object | undefined): void {
  if (!given) return;
  for (const _ in given) return;
  throw validation(`${what} must not be empty`);
}

function refuseUnused(
  what: 'Names' | 'Values',
  given: object | undefined,
  isUsed: (key: string) => boolean,
): void {
  for (const key in given) {
    if (!isUsed(key)) {
      throw validation(`Value provided in ExpressionAttribute${what} unused in expressions: keys: {${key}}`);
    }
  }
}

function undefinedPlaceholder(kind: ExpressionKind, what: 'name' | 'value', placeholder: string): Error {
  const where = what === 'name' ? 'name used in the document path' : 'value used in expression';
  return validation(
    `Invalid ${kind}: An expression attribute ${where} is not defined; attribute ${what}: ${placeholder}`,
  );
}

export function resolveStep(step: Step, environment: Environment): Step {
  return typeof step === 'string' && step.startsWith('#') ? (environment.names[step] ?? step) : step;
}

export function resolvePath(path: Path, environment: Environment): Path {
  return path.map((step) => resolveStep(step, environment));
}

/** The value at a path whose placeholders are resolved; undefined where there is none. */
export function read(item: Item, path: Path): Value | undefined {
  let found: Value | undefined = item;
  for (const step of path) {
    if (typeof step === 'number') found = isList(found) ? found[step] : undefined;
    else found = isMap(found) && Object.hasOwn(found, step) ? found[step] : undefined;
    if (found === undefined) return undefined;
  }
  return found;
}

/** A path's reader, with the usual path of one name made quick. */
export function reader(path: Path): (item: Item, environment: Environment) => Value | undefined {
  const [name] = path;
  if (path.length > 1 || typeof name !== 'string') {
    return (item, environment) => read(item, resolvePath(path, environment));
  }
  if (name.startsWith('#')) return (item, { names }) => own(item, names[name] ?? name);
  return (item) => own(item, name);
}

function own(item: Item, name: string): Value | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}
