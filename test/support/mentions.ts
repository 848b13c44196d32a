/** What is random or a measure, and has any few digits in it by chance. */
const chance = new RegExp(
  [
    '%[\\da-f]{2}', // what an encoded address has before a number
    '[\\da-f]{8}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{12}', // UUIDs
    '(?<![\\da-z])(?=\\d*[a-f])[\\da-f]{8,}(?![\\da-z])', // hashes and their beginnings, ids of traces
    '(?<![\\da-z])(?=\\d*[a-z])(?=[a-z]*\\d)[\\da-z]{20,}(?![\\da-z])', // ULIDs, tokens
    '\\d+\\.\\d+', // fractions, addresses, versions
    ':\\d+:\\d+', // places in files
  ].join('|'),
  'gi',
);

/**
 * Whether a text (logs, rows, messages) tells a value, in whatever case.
 *
 * Up to eight digits are looked for as a number of their own, and not within ids, hashes and measures: there they come
 * up by chance, and a test that fails then is flaky. Longer ones are looked for everywhere.
 */
export function mentions(text: string, value: string): boolean {
  if (!/^\d{1,8}$/.test(value)) return text.toLowerCase().includes(value.toLowerCase());
  return new RegExp(`(?<!\\d)${value}(?!\\d)`).test(text.replaceAll(chance, ' '));
}
