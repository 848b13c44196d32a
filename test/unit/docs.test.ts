import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableDefinitions } from '../../lib/constructs/tables.ts';
import { problems } from '../../shared/api/problem.ts';
import { failureCodes } from '../../shared/orders/order.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The cells of each row of a page's tables. */
function rows(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

const quoted = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('the documentation', () => {
  it.each(pages)('%s links to files and headings that exist', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    for (const [link, path = '', heading] of links) {
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(root, target)), link).toBe(true);
      if (heading !== undefined) expect(headings(read(target)), link).toContain(heading);
    }
  });

  it('gives every problem code the status that the code has', () => {
    const documented = rows(read('docs/errors.md')).flatMap(([status = '', codes]) =>
      /^\d{3}(, \d{3})*$/.test(status)
        ? quoted(codes).map((code) => [code, status.split(', ')] as const)
        : [],
    );
    expect(documented.map(([code]) => code).sort()).toEqual(Object.keys(problems).sort());
    for (const [code, statuses] of documented) {
      const problem = Object.entries(problems).find(([name]) => name === code);
      expect(statuses, code).toContain(String(problem?.[1].status));
    }
  });

  it('explains every failure code of an order', () => {
    const [, section = ''] = read('docs/errors.md').split('## Failed orders');
    expect(
      rows(section)
        .flatMap(([code]) => quoted(code))
        .sort(),
    ).toEqual([...failureCodes].sort());
  });

  it('tells how often each state is retried, as the state machine has it', () => {
    const states = checkoutRetries();
    const documented = rows(read('docs/errors.md')).flatMap(([names = '', retries = '']) =>
      names
        .split(', ')
        .filter((name) => states.has(name))
        .map((name) => [name, Number.parseInt(retries, 10)] as const),
    );
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(states));
  });

  it('has a section for every table, and names its indexes there', () => {
    const sections = read('docs/data-model.md').split(/^## /m);
    for (const definition of Object.values(tableDefinitions)) {
      const section = sections.find((text) => text.split('\n')[0]?.includes(definition.id)) ?? '';
      expect(section, definition.id).not.toBe('');
      const indexes = 'indexes' in definition ? Object.keys(definition.indexes) : [];
      for (const index of indexes) expect(section, index).toContain(`\`${index}\``);
    }
  });

  it('lists among the personal data every record whose key names a user', () => {
    const personal = rows(read('docs/privacy.md'));
    const keys = rows(read('docs/data-model.md')).flatMap(([key]) => quoted(key));
    const naming = keys.filter((key) => /^[A-Z_]+#.*<(userId|recipient)>/.test(key));
    expect(naming).toContain('NOTIFY#<promotionId>#promotion#<userId>');
    for (const key of naming) {
      const start = key.slice(0, key.search(/<(userId|recipient)>/));
      const isListed = personal.some((row) =>
        quoted(row[0]).some(
          (prefix) => start === prefix || (start.startsWith(prefix) && row.join().includes('user id')),
        ),
      );
      expect(isListed, key).toBe(true);
    }
  });

  it('has a runbook for every alarm', () => {
    const files = readdirSync(join(root, 'lib/constructs')).filter((name) => /alarms\.ts$/.test(name));
    const alarms = files.flatMap((file) =>
      [...read(`lib/constructs/${file}`).matchAll(/\bid: '(\w+)'/g)].map(([, id = '']) => id),
    );
    expect(alarms.length).toBeGreaterThanOrEqual(25);
    for (const alarm of alarms) expect(read('docs/operations.md')).toContain(`### ${alarm}\n`);
  });
});

/** Anchors as GitHub makes them. */
function headings(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

interface AslScope {
  readonly States: Readonly<Record<string, AslState>>;
}
interface AslState {
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number }[];
  readonly Branches?: readonly AslScope[];
}

/** How often each state retries what may pass, those inside parallel branches included. */
function checkoutRetries(): Map<string, number> {
  const of = (scope: AslScope): (readonly [string, number])[] =>
    Object.entries(scope.States).flatMap(([name, { Retry = [], Branches = [] }]) => {
      const retry = Retry.find(({ ErrorEquals }) => ErrorEquals.includes('TransientError'));
      return [...(retry ? [[name, retry.MaxAttempts] as const] : []), ...Branches.flatMap(of)];
    });
  return new Map(of(JSON.parse(read('statemachines/checkout-orchestrator.asl.json')) as AslScope));
}
