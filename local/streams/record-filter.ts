const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether a record passes one of the filter patterns of an event source mapping; without patterns all pass.
 * Values are matched exactly, which is all that our mappings use.
 * @throws Error on an operator such as `prefix`
 */
export function passes(patterns: readonly unknown[], record: unknown): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matches(pattern, record));
}

function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) {
    const operator = pattern.find(isRecord);
    if (operator) throw new Error(`The local runtime knows no filter ${JSON.stringify(operator)}.`);
    return pattern.includes(value);
  }
  return (
    isRecord(pattern) &&
    isRecord(value) &&
    Object.entries(pattern).every(([key, inner]) => matches(inner, value[key]))
  );
}
