import { readFileSync, writeFileSync } from 'node:fs';
import type { NumberedResult, Totals } from './worlds.ts';

export interface RunFacts {
  readonly seed: number;
  readonly workers: number;
  /** Milliseconds on the clock of the wall. */
  readonly wall: number;
}

const markers = { from: '<!-- results of the big run -->', to: '<!-- end of the results -->' } as const;
const whole = (number: number) => Math.round(number).toLocaleString('en-US');
const day = 24 * 3_600_000;

/** The run in a few lines, for the terminal. */
export function summary(totals: Totals, { wall }: RunFacts): string {
  return [
    `${whole(totals.placed)} orders in ${whole(totals.worlds)} worlds: ${list(totals.statuses)}`,
    `faults: ${list(totals.faults) || 'none'}`,
    `${whole(totals.calls)} calls of ports, ${whole(totals.invocations)} invocations, ${whole(totals.executions)} executions, ${whole(totals.repairs)} repairs by the operator`,
    `${whole(totals.elapsed / day)} virtual days in ${whole(wall / 1_000)} s: ${whole(totals.placed / (wall / 1_000))} orders a second, ${(totals.cpu / totals.placed).toFixed(1)} ms of CPU an order`,
  ].join('\n');
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${name} ${whole(count)}`)
    .join(', ');
}

/** Replaces the results between the markers of a document. @throws Error when it has none */
export function writeReport(path: string, totals: Totals, facts: RunFacts, broken: number): void {
  const text = readFileSync(path, 'utf8');
  const [head, rest = ''] = text.split(markers.from);
  const tail = rest.split(markers.to)[1];
  if (tail === undefined) throw new Error(`${path} has no markers ${markers.from} … ${markers.to}`);
  writeFileSync(path, `${head}${markers.from}\n${section(totals, facts, broken)}\n${markers.to}${tail}`);
}

function section(totals: Totals, { seed, workers, wall }: RunFacts, broken: number): string {
  const facts: readonly (readonly [string, string])[] = [
    [
      'command',
      `\`npm run simulate -- --orders ${Math.floor(totals.placed / 1_000) * 1_000} --seed ${seed}\``,
    ],
    ['orders placed', whole(totals.placed)],
    ['worlds', whole(totals.worlds)],
    ['worlds that broke an invariant', whole(broken)],
    ['executions of state machines', whole(totals.executions)],
    ['Lambda invocations', whole(totals.invocations)],
    ['calls of ports', whole(totals.calls)],
    ['faults', whole([...totals.faults.values()].reduce((sum, count) => sum + count, 0))],
    ['undos run again by the operator after an alarm', whole(totals.repairs)],
    ['virtual time', `${whole(totals.elapsed / day)} days`],
    ['time', `${Math.floor(wall / 60_000)} min ${whole((wall % 60_000) / 1_000)} s on ${workers} processes`],
    ['CPU an order', `${(totals.cpu / totals.placed).toFixed(1)} ms`],
  ];
  return [
    table(['', ''], facts),
    table(['final status', 'orders'], counted(totals.statuses)),
    table(['fault', 'times'], counted(totals.faults)),
  ].join('\n\n');
}

function counted(counts: ReadonlyMap<string, number>): (readonly [string, string])[] {
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => [`\`${name}\``, whole(count)]);
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  return [head, ['---', '---'], ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** What is wrong in a world, and how to see it again. */
export function failureText({ world, violations }: NumberedResult, seed: number): string {
  const rules = violations.map(({ rule, about, what }) => `  ${rule}: ${about} ${what}`);
  return [
    `World ${world} breaks its invariants:`,
    ...rules,
    `  npm run simulate -- --seed ${seed} --world ${world} --trace`,
  ].join('\n');
}
