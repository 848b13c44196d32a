const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether a record passes one of the filter patterns of an event source mapping; without patterns all pass.
 * Values are matched exactly or by whether there is one, which is all that our mappings use.
 * @throws Error on an operator such as `prefix`
 */
export function passes(patterns: readonly unknown[], record: unknown): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matches(pattern, record));
}

function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) {
    return pattern.some((one) => (isRecord(one) ? obeys(one, value) : one === value));
  }
  // Below what is not there nothing is there either, which a pattern may ask for.
  const members = isRecord(value) ? value : {};
  return isRecord(pattern) && Object.entries(pattern).every(([key, inner]) => matches(inner, members[key]));
}

/** As Lambda does, `exists` sees leaves alone: a member with members of its own is none. */
function obeys(operator: Record<string, unknown>, value: unknown): boolean {
  const { exists, ...others } = operator;
  if (typeof exists !== 'boolean' || Object.keys(others).length > 0) {
    throw new Error(`The local runtime knows no filter ${JSON.stringify(operator)}.`);
  }
  return exists === (value !== undefined && !isRecord(value));
}
