import { csv } from './csv.ts';
import type { Grouping, ReportRow } from './report.ts';

const groupColumns = {
  day: ['day'],
  status: ['status'],
  product: ['productId', 'name'],
  currency: [],
} as const satisfies Record<Grouping, readonly (keyof ReportRow)[]>;

const numberColumns = ['orders', 'units', 'amount', 'paidOrders', 'paidUnits', 'revenue'] as const;

/** The report's rows as CSV, amounts in minor units of the row's currency, as in JSON. */
export function reportCsv(groupBy: Grouping, rows: readonly ReportRow[]): string {
  const groups = groupColumns[groupBy];
  const lines = rows.map((row) => [
    ...groups.map((column) => row[column]),
    row.currency,
    ...numberColumns.map((column) => {
      const value = row[column];
      return typeof value === 'number' ? value : value.amount;
    }),
  ]);
  return csv([...groups, 'currency', ...numberColumns], lines);
}
