const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The days of UTC, first and last, from the start of this process until now: a run may go past midnight. */
export function runDays(): readonly [first: string, last: string] {
  return [dayOf(performance.timeOrigin), dayOf(Date.now())];
}
