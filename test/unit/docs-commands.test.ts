import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

/** Every word of `--query` of the AWS CLI, as the shell hands it on. Stripe's CLI has a language of its own. */
const filters = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/(\bstripe\b.*)?--query\s+(?:\\\n\s*)?('[^']*'|"(?:\\.|[^"\\])*"|[\w.]+)/g)]
    .filter(([, stripe]) => stripe === undefined)
    .map(([, , word = '']) => ({ page: name, filter: unquoted(word) })),
);

/** Queries of Logs Insights that count something and sort it. */
const counts = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/\bstats ([^`]*?)\|\s*sort (\S+)/g)].map(([, counted = '', sorted = '']) => ({
    page: name,
    counted,
    sorted,
  })),
);

describe('commands in the documentation', () => {
  it('are found, each with the text of its filter', () => {
    const named = pages.flatMap(({ text }) => [...text.matchAll(/^(?!.*\bstripe\b).*--query\s/gm)]);
    expect(filters.length).toBeGreaterThan(5);
    expect(filters).toHaveLength(named.length);
    expect(counts.length).toBeGreaterThan(1);
  });

  it.each(filters)('$page: $filter is of JMESPath’s words, and closes what it opens', ({ filter }) => {
    expect(problemIn(filter)).toBeUndefined();
  });

  it.each(counts)(
    '$page: Logs Insights sorts by $sorted, which “stats $counted” names',
    ({ counted, sorted }) => {
      const [, by = ''] = counted.split(/\bby\b/);
      const names = [...counted.matchAll(/\bas (\w+)/g)].map(([, alias = '']) => alias);
      expect([...names, ...by.split(',').map((field) => field.trim())]).toContain(sorted);
    },
  );

  it.each([
    'BackupJobs[?State!=\\`COMPLETED\\`].[ResourceArn]',
    "Jobs[?State==DONE'].Id",
    'Jobs[].[Id',
    'Jobs[].{id Id}]',
  ])('would not go through as %s', (filter) => {
    expect(problemIn(filter)).toBeDefined();
  });
});

/** Within single quotes a shell changes nothing; within double ones it reads variables and backslashes. */
function unquoted(word: string): string {
  if (word.startsWith("'")) return word.slice(1, -1);
  if (!word.startsWith('"')) return word;
  return word
    .slice(1, -1)
    .replaceAll(/\\([$`"\\])/g, '$1')
    .replaceAll(/\$\w+/g, 'x');
}

/** What a reader of JMESPath would stumble over first: an unknown character or a bracket. No grammar is checked. */
function problemIn(filter: string): string | undefined {
  const word =
    /\s*(?:[A-Za-z_]\w*|-?\d+|"(?:\\.|[^"\\])+"|'(?:\\.|[^'\\])*'|`(?:\\`|[^`])*`|\[\?|&&|\|\||[=!<>]=|[[\]{}().,:*@&|!<>])/y;
  const closing: string[] = [];
  const closedBy: Readonly<Record<string, string>> = { '[': ']', '[?': ']', '{': '}', '(': ')' };
  while (word.lastIndex < filter.length) {
    const at = word.lastIndex;
    const token = word.exec(filter)?.[0].trim();
    if (token === undefined) return `unknown word at ${at}: ${filter.slice(at)}`;
    const close = closedBy[token];
    if (close !== undefined) closing.push(close);
    else if (/^[\])}]$/.test(token) && closing.pop() !== token) return `${token} closes nothing`;
  }
  return closing.length === 0 ? undefined : `${closing.join('')} is missing`;
}
