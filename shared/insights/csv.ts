/** How spreadsheets recognize a formula. A text that starts like one is led by an apostrophe (OWASP). */
const formulaStart = /^[=+\-@\t\r\n＝＋－＠]/;

type Value = string | number | undefined;

/** RFC 4180: a header line, CRLF after each line, quotes where they are needed. */
export function csv(columns: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = formulaStart.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
