import { isDeepStrictEqual } from 'node:util';

/** The parts of an UpdateItem that turn one record into another. */
export interface AttributeChanges {
  readonly expression: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * SET and REMOVE for just the attributes that differ, so that what others write meanwhile to the rest of
 * the item (counters, devices) is not undone. Needs at least one difference with a value.
 */
export function changedAttributes(before: object, after: object): AttributeChanges {
  const was = new Map(Object.entries(before));
  const is = new Map(Object.entries(after).filter(([, value]) => value !== undefined));
  const set = [...is].filter(([name, value]) => !isDeepStrictEqual(value, was.get(name)));
  const removed = [...was]
    .filter(([name, value]) => value !== undefined && !is.has(name))
    .map(([name]) => name);
  const remove = removed.length > 0 ? ` REMOVE ${removed.map((name) => `#${name}`).join(', ')}` : '';
  return {
    expression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}${remove}`,
    names: Object.fromEntries([...set.map(([name]) => name), ...removed].map((name) => [`#${name}`, name])),
    values: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
  };
}
