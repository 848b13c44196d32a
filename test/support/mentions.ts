/**
 * Whether a text (logs, rows, messages) tells a value, in whatever case.
 *
 * Up to eight digits are looked for as a number of their own: as a part of a hash, of a UUID, of a time or of a
 * fraction they come up by chance, and a test that fails then is flaky.
 */
export function mentions(text: string, value: string): boolean {
  if (!/^\d{1,8}$/.test(value)) return text.toLowerCase().includes(value.toLowerCase());
  const asNumber = new RegExp(`(?<!\\w|[\\da-f]-|\\d[.:])${value}(?!\\w|-[\\da-f]|[.:]\\d)`, 'i');
  // In JSON a line's end is a backslash and a letter, which would belong to the number.
  return asNumber.test(text.replaceAll(/\\+[nrt]/g, ' '));
}
