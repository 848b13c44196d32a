import { unknownHere } from './errors.ts';
import type { Item, Value } from './types.ts';

/** DynamoDB's names of types, as attribute_type() and error messages spell them. */
export type TypeName = 'S' | 'N' | 'BOOL' | 'NULL' | 'B' | 'SS' | 'NS' | 'L' | 'M';

export function typeOf(value: Value): TypeName {
  switch (typeof value) {
    case 'string':
      return 'S';
    case 'number':
      return 'N';
    case 'boolean':
      return 'BOOL';
    default:
      if (value === null) return 'NULL';
      if (Array.isArray(value)) return 'L';
      if (value instanceof Set) return typeof first(value) === 'number' ? 'NS' : 'SS';
      return value instanceof Uint8Array ? 'B' : 'M';
  }
}

export function isMap(value: Value | undefined): value is Item {
  return typeof value === 'object' && value !== null && typeOf(value) === 'M';
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isSet(value: Value | undefined): value is ReadonlySet<string> | ReadonlySet<number> {
  return value instanceof Set;
}

const first = (set: ReadonlySet<unknown>): unknown => set.values().next().value;

/**
 * A value as the document client would send it, which is a copy: undefined members and functions are left out.
 * @throws Error where the client's marshaller throws one
 */
export function copyIn(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return checkedNumber(value);
    case 'object':
      return value === null ? null : copyObject(value);
    default:
      throw new Error(`Unsupported type passed: ${String(value)}.`);
  }
}

/** Top-level attributes; those that are undefined do not exist. */
export function copyInItem(item: object): Record<string, Value> {
  const copy: Record<string, Value> = {};
  for (const name in item) {
    const value = (item as Record<string, unknown>)[name];
    if (value !== undefined && typeof value !== 'function') copy[name] = copyIn(value);
  }
  return copy;
}

function copyObject(value: object): Value {
  if (Array.isArray(value)) {
    const list: Value[] = [];
    for (const member of value) {
      if (member !== undefined && typeof member !== 'function') list.push(copyIn(member));
    }
    return list;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return copyInItem(value);
  if (value instanceof Set) return copySet(value);
  if (value instanceof Map) return copyInItem(Object.fromEntries(value));
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  const kind = value.constructor?.name;
  // Objects of another realm, as a worker or a test runner may hand them over.
  if (kind === 'Object') return copyInItem(value);
  throw new Error(
    `Unsupported type passed: ${String(value)}. Pass options.convertClassInstanceToMap=true to marshall typeof object as map attribute.`,
  );
}

function copySet(value: ReadonlySet<unknown>): Value {
  const members = [...value].filter((member) => member !== undefined);
  if (members.length === 0) throw new Error('Pass a non-empty set, or options.convertEmptyValues=true.');
  if (members.every((member) => typeof member === 'string')) return new Set(members);
  if (members.every((member) => typeof member === 'number')) return new Set(members.map(checkedNumber));
  throw unknownHere('sets of anything but strings or of anything but numbers');
}

export function checkedNumber(value: number): number {
  if (!Number.isFinite(value)) throw new Error(`Special numeric value ${value} is not allowed`);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new Error(
      `Number ${value} is beyond Number.MAX_SAFE_INTEGER. Use NumberValue from @aws-sdk/lib-dynamodb.`,
    );
  }
  return value === 0 ? 0 : value;
}

/** A copy that whoever asked may change. */
export function copyOut(value: Value): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOut);
  if (value instanceof Set) return new Set<unknown>(value);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  return copyOutItem(value as Item);
}

export function copyOutItem(item: Item): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name in item) {
    const value = item[name] as Value;
    copy[name] = typeof value === 'object' && value !== null ? copyOut(value) : value;
  }
  return copy;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (isList(a) && isList(b)) {
    return a.length === b.length && a.every((member, index) => equal(member, b[index] as Value));
  }
  if (isSet(a) && isSet(b)) {
    const members = new Set<unknown>(b);
    return a.size === b.size && [...a].every((member) => members.has(member));
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return isMap(a) && isMap(b) && equalItems(a, b);
}

function equalItems(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = b[name];
    return other !== undefined && equal(a[name] as Value, other);
  });
}

/** Less than 0, 0, or more: for two strings, numbers or binaries; undefined for all that has no order. */
export function order(a: Value, b: Value): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return orderTexts(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

/** Texts are ordered by their bytes in UTF-8; JavaScript orders by UTF-16, which differs beyond U+D800. */
export function orderTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return byCodePoint(left) - byCodePoint(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function byCodePoint(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Bytes by AWS's rules of item sizes. */
export function sizeOf(value: Value): number {
  switch (typeof value) {
    case 'string':
      return byteLength(value);
    case 'number':
      return Math.ceil(String(Math.abs(value)).replace('.', '').length / 2) + 1;
    case 'boolean':
      return 1;
    default:
      if (value === null) return 1;
      if (value instanceof Uint8Array) return value.length;
      if (isList(value)) return value.reduce<number>((sum, member) => sum + 1 + sizeOf(member), 3);
      if (isSet(value)) return [...value].reduce<number>((sum, member) => sum + sizeOf(member), 0);
      return 3 + sizeOfItem(value as Item) + Object.keys(value).length;
  }
}

export function sizeOfItem(item: Item): number {
  let sum = 0;
  for (const name in item) sum += byteLength(name) + sizeOf(item[name] as Value);
  return sum;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
