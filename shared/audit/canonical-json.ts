/**
 * One text for one value, whatever order its keys came in (RFC 8785): keys sorted by UTF-16 code units, no spaces,
 * numbers and strings as ECMAScript writes them. What is undefined is not there, as in JSON.
 * @throws TypeError on what JSON cannot say: NaN, infinities, bigints, functions
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  const isPlain = value === null || typeof value === 'string' || typeof value === 'boolean';
  if (isPlain || Number.isFinite(value)) return JSON.stringify(value);
  throw new TypeError(`JSON has no ${typeof value} ${String(value)}`);
}
