import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../../shared/api/problem.ts';
import { successResponse } from '../../../shared/api/response.ts';
import { csv } from '../../../shared/insights/csv.ts';
import { insightOperations } from '../../../shared/insights/insight-operations.ts';
import { insightRoutes } from '../../../shared/insights/insight-routes.ts';
import { maximumProductDays, monthsOf, reportDays } from '../../../shared/insights/report-period.ts';
import { spread } from '../../../shared/insights/spread.ts';
import { aRequest } from '../../support/builders/product-request.ts';
import { testEffects } from '../../support/effects.ts';

const now = new Date('2026-03-15T12:00:00.000Z');

describe('the days of a report', () => {
  it('are the last thirty, today included, when none are named', () => {
    expect(reportDays({}, now)).toEqual({ from: '2026-02-14', to: '2026-03-15' });
    expect(reportDays({ to: '2026-01-31' }, now)).toEqual({ from: '2026-01-02', to: '2026-01-31' });
    expect(reportDays({ from: '2026-03-01' }, now)).toEqual({ from: '2026-03-01', to: '2026-03-15' });
    expect(reportDays({ from: '2026-04-01' }, now)).toEqual({ from: '2026-04-01', to: '2026-04-01' });
  });

  it('may be named by a time on them', () => {
    const query = { from: '2026-03-01T23:30:00.000Z', to: '2026-03-02T00:00:00.000Z' };
    expect(reportDays(query, now)).toEqual({ from: '2026-03-01', to: '2026-03-02' });
  });

  it.each([
    [{ from: '2026-03-02', to: '2026-03-01' }, 'is later than to'],
    [{ from: '2025-01-01', to: '2026-01-02' }, 'starts a range of more than 366 days'],
  ])('are refused as %o', (query, message) => {
    const refused = () => reportDays(query, now);
    expect(refused).toThrow(Problem);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'validation_failed',
        options: { errors: [{ path: '/query/from', message }] },
      }),
    );
  });

  it('are a month at most by product, which has a row for each product that was sold', async () => {
    const { getReport } = insightOperations({ clock: { now: () => now }, insights: {} } as never);
    const query = { groupBy: 'product' as const, from: '2026-02-12', to: '2026-03-15' };
    await expect(getReport(aRequest(insightRoutes.getReport, 'Manager', { query }))).rejects.toMatchObject({
      code: 'validation_failed',
      options: { errors: [{ path: '/query/from', message: 'starts a range of more than 31 days' }] },
    });
    expect(() => reportDays({ ...query, from: '2026-02-13' }, now, maximumProductDays)).not.toThrow();
  });

  it('may be a whole leap year', () => {
    expect(() => reportDays({ from: '2028-01-01', to: '2028-12-31' }, now)).not.toThrow();
  });

  it('fall into months across the turn of the year', () => {
    expect(monthsOf({ from: '2025-11-30', to: '2026-02-01' })).toEqual([
      '2025-11',
      '2025-12',
      '2026-01',
      '2026-02',
    ]);
  });
});

/** A reader by RFC 4180, character by character. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted && char === '"' && text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (char === '"') {
      quoted = !quoted;
    } else if (!quoted && (char === ',' || text.startsWith('\r\n', at))) {
      row.push(field);
      field = '';
      if (char === '\r') {
        rows.push(row);
        row = [];
        at += 1;
      }
    } else {
      field += char;
    }
  }
  return rows;
}

describe('CSV', () => {
  it('ends lines with CRLF and quotes what needs quotes', () => {
    expect(
      csv(
        ['name', 'n'],
        [
          ['a,b', 1],
          ['say "hi"', 2],
          ['two\nlines', 3],
          [undefined, 4],
        ],
      ),
    ).toBe('name,n\r\n"a,b",1\r\n"say ""hi""",2\r\n"two\nlines",3\r\n,4\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])(
    'leads the text %j by an apostrophe, so that no spreadsheet runs it',
    (text) => {
      expect(csv(['name'], [[text]])).toMatch(/^name\r\n"?'/);
    },
  );

  it('gives back every text when it is read again', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const read = parseCsv(csv(texts, []))[0];
        expect(read).toEqual(texts.map((text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text)));
      }),
    );
  });
});

describe('an amount that is spread', () => {
  it('adds up to itself, and follows the weights', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), weights, (total, given) => {
        const parts = spread(total, given);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total);
        const sum = given.reduce((all, weight) => all + weight, 0);
        parts.forEach((part, index) => {
          expect(part).toBeGreaterThanOrEqual(0);
          if (sum > 0 && given[index] === 0) expect(part).toBe(0);
        });
      }),
    );
    expect(spread(100, [1, 1, 1])).toEqual([34, 33, 33]);
    expect(spread(5, [0, 0])).toEqual([5, 0]);
  });
});

describe('GET /order/report', () => {
  const money = (amount: number) => ({ amount, currency: 'JPY' });
  const operations = insightOperations({
    insights: {
      sales: async () => [],
      productSales: async () => [
        {
          ...{ day: '2026-03-01', productId: 'p1', name: '=HYPERLINK("http://x","y")', currency: 'JPY' },
          ...{ orders: 2, units: 3, amount: 900, paidOrders: 1, paidUnits: 1, revenue: 300 },
        },
      ],
      boughtTogether: async () => [],
      bestSellers: async () => [],
    },
    orders: { list: async () => ({ items: [] }) },
    products: { findMany: async () => new Map() },
    promotions: { forUser: async () => [] },
    clock: testEffects().clock,
  });
  const route = insightRoutes.getReport;
  const request = aRequest(route, 'Manager', { query: { groupBy: 'product' } });
  const headers = { accept: 'text/csv' };

  it('answers rows as JSON, and as CSV to who prefers that', async () => {
    const json = successResponse(route, await operations.getReport(request), 'r1');
    expect(json.headers).toMatchObject({ 'Content-Type': 'application/json; charset=utf-8', Vary: 'Accept' });
    expect(JSON.parse(json.body)).toEqual({
      rows: [
        {
          ...{ productId: 'p1', name: '=HYPERLINK("http://x","y")', currency: 'JPY', orders: 2, units: 3 },
          ...{ amount: money(900), paidOrders: 1, paidUnits: 1, revenue: money(300) },
        },
      ],
    });
    const answer = await operations.getReport({ ...request, ...headers });
    const text = successResponse(route, answer, 'r2');
    expect(text.headers['Content-Type']).toBe('text/csv; charset=utf-8; header=present');
    expect(text.headers['Content-Disposition']).toMatch(
      /^attachment; filename="orders-by-product-[\d-]+\.csv"$/,
    );
    expect(text.body).toBe(
      'productId,name,currency,orders,units,amount,paidOrders,paidUnits,revenue\r\n' +
        'p1,"\'=HYPERLINK(""http://x"",""y"")",JPY,2,3,900,1,1,300\r\n',
    );
  });

  it('is for managers and admins, and names a parameter that it does not know', () => {
    expect(route.allow).toEqual(['Manager', 'Admin']);
    expect(route.query.safeParse({ groupBy: 'week' }).success).toBe(false);
    expect(route.query.safeParse({ from: 'yesterday' }).success).toBe(false);
    expect(route.query.safeParse({ page: '1' }).success).toBe(false);
    expect(route.query.parse({})).toEqual({ groupBy: 'day' });
  });
});
