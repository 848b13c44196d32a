import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNamedQueries } from '../../../lib/named-queries.ts';
import { eventTypes, funnelTypes } from '../../../shared/analytics/event-types.ts';
import { eventsOfDays } from '../../support/builders/analytics.ts';
import { openEventLake } from '../../support/event-lake.ts';

const queries = new Map(readNamedQueries().map((query) => [query.name, query.sql]));
let lake: Awaited<ReturnType<typeof openEventLake>>;
const ask = (name: string, from = '2026-03-01', to = '2026-03-31') =>
  lake.ask(queries.get(name) ?? `no query ${name}`, from, to);

beforeAll(async () => {
  const shop = eventsOfDays();
  // Ann goes the whole way, and comes a second time.
  await shop.saw('product.viewed', '2026-03-01 09:00', { userId: 'ann' });
  await shop.saw('product.viewed', '2026-03-01 09:00', { userId: 'ann' });
  await shop.saw('cart.added', '2026-03-01 09:05', { userId: 'ann' });
  shop.paid('order-1', 1999, '2026-03-01 09:10');
  shop.paid('order-1', 1999, '2026-03-01 09:11');
  shop.paid('order-2', 5001, '2026-03-02 00:00');
  // Bob's card is refused, Cem's too; he comes to it by an order again, without looking at anything.
  await shop.saw('product.viewed', '2026-03-01 10:00', { userId: 'bob' });
  await shop.saw('cart.added', '2026-03-01 10:01', { userId: 'bob' });
  shop.ended('order-3', 'payment_declined', '2026-03-01 10:02', { userId: 'bob' });
  shop.ended('order-4', 'payment_declined', '2026-03-01 23:59', { userId: 'cem' });
  shop.ended('order-4', 'payment_declined', '2026-03-02 00:01', { userId: 'cem' });
  // Dan looks on and fills a cart; his telephone tells of the look a day late.
  await shop.saw('product.viewed', '2026-03-01 23:50', { userId: 'dan', day: '2026-03-02' });
  await shop.saw('cart.added', '2026-03-01 23:58', { userId: 'dan' });
  // Eve filled a cart before she looked, guests only look.
  await shop.saw('cart.added', '2026-03-01 08:00', { userId: 'eve' });
  await shop.saw('product.viewed', '2026-03-01 08:30', { userId: 'eve' });
  await shop.saw('product.viewed', '2026-03-01 08:30');
  // Gives back: all of one order, and one that was never paid.
  shop.paid('order-5', 300, '2026-03-02 12:00', { userId: 'fay', currency: 'EUR' });
  shop.ended('order-5', 'refunded', '2026-03-05 12:00', { userId: 'fay' });
  shop.ended('order-6', 'cancelled', '2026-03-02 13:00', { userId: 'fay' });
  shop.ended('order-7', 'payment_blocked', '2026-03-02 14:00', { userId: 'gil' });
  shop.ended('order-8', 'out_of_stock', '2026-03-02 14:00', { userId: 'gil' });
  // Hal's first order is paid before he looks around, and taken back by a repair after he filled a cart anew.
  await shop.saw('cart.added', '2026-03-03 08:00', { userId: 'hal' });
  shop.paid('order-11', 700, '2026-03-03 08:30', { userId: 'hal' });
  await shop.saw('product.viewed', '2026-03-03 09:00', { userId: 'hal' });
  await shop.saw('cart.added', '2026-03-03 09:10', { userId: 'hal' });
  shop.ended('order-11', 'internal', '2026-03-03 10:00', { userId: 'hal' });
  shop.low('mug', 4, '2026-03-01 10:00');
  shop.low('mug', 4, '2026-03-01 10:00');
  shop.low('mug', 0, '2026-03-03 10:00');
  shop.low('cup', 5, '2026-03-02 10:00');
  // Outside of the days that are asked for.
  shop.paid('order-9', 99, '2026-02-28 23:59');
  shop.ended('order-9', 'refunded', '2026-03-01 12:00');
  shop.paid('order-10', 99, '2026-04-01 00:00');
  shop.low('cup', 1, '2026-04-01 00:00');
  lake = await openEventLake(shop.arrivals);
});
afterAll(() => lake?.close());

describe('the query', () => {
  it('funnel counts the known users that took each step after the one before', async () => {
    expect(await ask('funnel')).toEqual([
      { step: 1, name: 'viewed a product', users: 5, percent_of_all: 100, percent_of_step_before: null },
      { step: 2, name: 'filled the cart', users: 4, percent_of_all: 80, percent_of_step_before: 80 },
      { step: 3, name: 'ordered', users: 2, percent_of_all: 40, percent_of_step_before: 50 },
      { step: 4, name: 'paid', users: 1, percent_of_all: 20, percent_of_step_before: 50 },
    ]);
  });

  it('revenue sums up sales by the day of the sale, and what was given back of them', async () => {
    expect(await ask('revenue')).toEqual([
      { sold_on: '2026-03-01', currency: 'USD', orders: 1, gross: 1999, given_back: 0, net: 1999 },
      { sold_on: '2026-03-02', currency: 'EUR', orders: 1, gross: 300, given_back: 300, net: 0 },
      { sold_on: '2026-03-02', currency: 'USD', orders: 1, gross: 5001, given_back: 0, net: 5001 },
      { sold_on: '2026-03-03', currency: 'USD', orders: 1, gross: 700, given_back: 700, net: 0 },
    ]);
  });

  it('revenue knows of a refund from its day on', async () => {
    const [, euros] = await ask('revenue', '2026-03-01', '2026-03-04');
    expect(euros).toMatchObject({ currency: 'EUR', given_back: 0, net: 300 });
  });

  it('revenue knows that a sale that was repaired brought nothing', async () => {
    expect(await ask('revenue', '2026-03-03', '2026-03-03')).toMatchObject([{ gross: 700, net: 0 }]);
  });

  it('funnel knows no order before the look and the cart that led to it, though it is taken back later', async () => {
    const rows = await ask('funnel', '2026-03-03', '2026-03-03');
    expect(rows.map(({ name, users }) => [name, users])).toEqual([
      ['viewed a product', 1],
      ['filled the cart', 1],
      ['ordered', 0],
      ['paid', 0],
    ]);
  });

  it('payment-failures tells reasons by day, with their share of the checkouts', async () => {
    expect(await ask('payment-failures')).toEqual([
      { ended_on: '2026-03-01', reason: 'payment_declined', orders: 2, percent_of_checkouts: 66.7 },
      { ended_on: '2026-03-02', reason: 'payment_blocked', orders: 1, percent_of_checkouts: 25 },
    ]);
  });

  it('low-stock tells how often a product came down, and what was there at the latest time', async () => {
    expect(await ask('low-stock')).toEqual([
      {
        product_id: 'mug',
        crossings: 2,
        latest_since: '2026-03-03T10:00:00.000Z',
        available: 0,
        threshold: 5,
      },
      {
        product_id: 'cup',
        crossings: 1,
        latest_since: '2026-03-02T10:00:00.000Z',
        available: 5,
        threshold: 5,
      },
    ]);
  });

  it.each([...queries.keys()])('%s answers for days without events, too', async (name) => {
    const rows = await ask(name, '2025-01-01', '2025-01-31');
    expect(rows.filter(({ users }) => users !== 0)).toEqual([]);
  });

  it.each([...queries.keys()])('%s is shown in the docs with what it answers here', async (name) => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/analytics.md'), 'utf8');
    const rows = await ask(name);
    const line = (cells: readonly unknown[]) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
    const names = Object.keys(rows[0] ?? {});
    const table = [line(names), line(names.map(() => '---')), ...rows.map((row) => line(Object.values(row)))];
    expect(page).toContain(table.join('\n'));
  });
});

/** What both engines take and answer alike; docs/analytics.md lists it. */
const functions = [
  'cast',
  'count',
  'first_value',
  'lag',
  'max',
  'min',
  'nullif',
  'round',
  'row_number',
  'substr',
  'sum',
];
const words = ['as', 'in', 'over'];
const differing = [
  ['casts by colons', /::/],
  ['subscripts', /[[\]]/],
  ['quoted names', /["`]/],
  ['literals with a type', /\b(date|timestamp|interval|time)\s+'/i],
  ['the time of today', /\bcurrent_\w+|\bnow\b/i],
  ['patterns', /\b(i?like|similar|regexp\w*|glob)\b/i],
  ['clauses of one engine', /\b(qualify|unnest|exclude|pivot|unpivot|asof|limit|fetch|sample)\b/i],
  ['a division of whole numbers, which one rounds', /(?<!as double\) )\//],
  ['a list of all columns', /select\s+\*|\.\*/i],
  ['an end of the statement', /;/],
] as const;

describe.each([...queries])('the SQL of %s', (_, text) => {
  const sql = text.replaceAll(/--.*$/gm, '');

  it('calls only functions on which Athena and DuckDB agree', () => {
    const called = [...sql.matchAll(/\b([a-z_]+)\s*\(/gi)].map(([, word = '']) => word.toLowerCase());
    expect(
      called.filter((word) => !functions.includes(word) && !words.includes(word) && !isCte(word)),
    ).toEqual([]);
    function isCte(word: string): boolean {
      return new RegExp(`\\b${word} as \\(`).test(sql);
    }
  });

  it('has nothing that one of them takes otherwise or not at all', () => {
    const found = differing.filter(([, pattern]) => pattern.test(sql)).map(([what]) => what);
    expect(found).toEqual([]);
  });

  it('reads only the days that it is asked for, by two parameters', () => {
    expect(sql.match(/\?/g)).toHaveLength(2);
    expect(sql.match(/\bfrom events\b/g)).toHaveLength(1);
    expect(sql).toMatch(/from events\s+where day between \? and \?/);
  });

  it('asks for types of events that are made', () => {
    const types = [...sql.matchAll(/'((?:ui|order|stock)\.[a-z.]+)'/g)].map(([, type = '']) => type);
    const known = [...Object.keys(eventTypes), ...funnelTypes.map((type) => `ui.${type}`)];
    expect(types).not.toEqual([]);
    expect(types.filter((type) => !known.includes(type))).toEqual([]);
  });
});
