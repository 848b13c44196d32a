import { Problem } from '../api/problem.ts';
import type { Days } from './insight-reader.ts';

/** A leap year. More would make one answer too large for a Lambda and a client alike. */
export const maximumDays = 366;
/** By product there may be as many rows as the shop sells products, each day and in each currency. */
export const maximumProductDays = 31;
const defaultDays = 30;
const dayMilliseconds = 24 * 3600 * 1000;

const dayOf = (at: Date) => at.toISOString().slice(0, 10);
const timeOf = (day: string) => Date.parse(`${day}T00:00:00.000Z`);

/**
 * The days of a report, both included: the thirty up to `to` without a `from`, up to today without a `to`.
 * @param maximum how many days the report may have
 * @throws Problem validation_failed when they are the wrong way round or too many
 */
export function reportDays(
  query: { from?: string | undefined; to?: string | undefined },
  now: Date,
  maximum: number = maximumDays,
): Days {
  const today = dayOf(now);
  const to = query.to === undefined ? latest(today, query.from) : dayOf(new Date(query.to));
  const from =
    query.from === undefined
      ? dayOf(new Date(timeOf(to) - (defaultDays - 1) * dayMilliseconds))
      : dayOf(new Date(query.from));
  if (from > to) throw outOfRange('from', 'is later than to');
  const days = (timeOf(to) - timeOf(from)) / dayMilliseconds + 1;
  if (days > maximum) throw outOfRange('from', `starts a range of more than ${maximum} days`);
  return { from, to };
}

/** The months that the days fall into, in order, as `YYYY-MM`. */
export function monthsOf({ from, to }: Days): string[] {
  const months: string[] = [];
  const cursor = new Date(`${from.slice(0, 7)}-01T00:00:00.000Z`);
  for (let month = from.slice(0, 7); month <= to.slice(0, 7); month = cursor.toISOString().slice(0, 7)) {
    months.push(month);
    cursor.setUTCMonth(cursor.getUTCMonth() + 1);
  }
  return months;
}

/** A range that starts in the future ends where it starts, instead of being refused for an end nobody gave. */
function latest(today: string, from: string | undefined): string {
  const start = from === undefined ? today : dayOf(new Date(from));
  return start > today ? start : today;
}

function outOfRange(parameter: string, message: string): Problem {
  return new Problem('validation_failed', 'The range of days cannot be reported; see errors.', {
    errors: [{ path: `/query/${parameter}`, message }],
  });
}
