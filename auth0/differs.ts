import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** True when a wanted field is missing or other; fields that nobody asked for are left alone. */
export function differs(found: Fields, wanted: Fields): boolean {
  return Object.entries(wanted).some(([name, value]) => {
    const is = found[name];
    return Array.isArray(value) && Array.isArray(is)
      ? !isDeepStrictEqual([...is].sort(), [...value].sort())
      : !isDeepStrictEqual(is, value);
  });
}
