import { ItemFault } from './errors.ts';
import type { Path } from './tokens.ts';
import type { Item, Value } from './types.ts';
import { isList, isMap } from './values.ts';

const invalidPath = () =>
  new ItemFault('The document path provided in the update expression is invalid for update');

/** The item with a value at a path; what is beside the path is shared with the item before. */
export function put(item: Item, path: Path, value: Value): Item {
  const written = putInto(item, path, 0, value);
  if (!isMap(written)) throw invalidPath();
  return written;
}

function putInto(within: Value | undefined, path: Path, at: number, value: Value): Value {
  const step = path[at];
  if (step === undefined) return value;
  const isLast = at === path.length - 1;
  if (typeof step === 'number') {
    if (!isList(within)) throw invalidPath();
    const present = within[step];
    if (present === undefined && !isLast) throw invalidPath();
    const place = Math.min(step, within.length);
    const copy = [...within];
    copy[place] = putInto(present, path, at + 1, value);
    return copy;
  }
  if (!isMap(within)) throw invalidPath();
  const present = within[step];
  if (present === undefined && !isLast) throw invalidPath();
  return { ...within, [step]: putInto(present, path, at + 1, value) };
}

/** The item without what is at the paths. Places in lists are meant as they were before. */
export function removeAll(item: Item, paths: readonly Path[]): Item {
  const ordered = paths.length > 1 ? [...paths].sort(laterPlacesFirst) : paths;
  let rest: Value = item;
  for (const path of ordered) rest = removeFrom(rest, path, 0);
  return isMap(rest) ? rest : item;
}

function laterPlacesFirst(a: Path, b: Path): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]];
    if (typeof left === 'number' && typeof right === 'number' && left !== right) return right - left;
  }
  return b.length - a.length;
}

function removeFrom(within: Value, path: Path, at: number): Value {
  const step = path[at];
  const isLast = at === path.length - 1;
  if (typeof step === 'number') {
    if (!isList(within)) throw invalidPath();
    const present = within[step];
    if (present === undefined) {
      if (isLast) return within;
      throw invalidPath();
    }
    return isLast
      ? within.filter((_, place) => place !== step)
      : within.map((member, place) => (place === step ? removeFrom(member, path, at + 1) : member));
  }
  if (step === undefined || !isMap(within)) throw invalidPath();
  const present = within[step];
  if (present === undefined) {
    if (isLast) return within;
    throw invalidPath();
  }
  if (!isLast) return { ...within, [step]: removeFrom(present, path, at + 1) };
  const { [step]: _, ...rest } = within;
  return rest;
}

/** The parts of an item that the paths name; undefined when it has none of them. */
export function project(item: Item, paths: readonly Path[]): Item | undefined {
  const found = pick(item, paths, 0);
  return isMap(found) ? found : undefined;
}

function pick(value: Value, paths: readonly Path[], at: number): Value | undefined {
  if (paths.some((path) => path.length === at)) return value;
  if (isList(value)) {
    const places = [...new Set(paths.map((path) => path[at]))]
      .filter((step) => typeof step === 'number')
      .sort((a, b) => a - b);
    const members = places.flatMap((place) => {
      const member = value[place];
      const found = member === undefined ? undefined : pick(member, startingWith(paths, at, place), at + 1);
      return found === undefined ? [] : [found];
    });
    return members.length > 0 ? members : undefined;
  }
  if (!isMap(value)) return undefined;
  const picked: Record<string, Value> = {};
  for (const name of new Set(paths.map((path) => path[at]))) {
    if (typeof name !== 'string') continue;
    const member = value[name];
    const found = member === undefined ? undefined : pick(member, startingWith(paths, at, name), at + 1);
    if (found !== undefined) picked[name] = found;
  }
  return Object.keys(picked).length > 0 ? picked : undefined;
}

function startingWith(paths: readonly Path[], at: number, step: string | number): readonly Path[] {
  return paths.filter((path) => path[at] === step);
}
