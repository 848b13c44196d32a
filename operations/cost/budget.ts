import * as z from 'zod';
import { type Behind, behindSchema, type Measurement, type Usage, usageSchema } from './usage.ts';

const scenarioBudgetSchema = z.strictObject({
  /** Exact: no more of anything. */
  usage: usageSchema,
  /** Ceilings, with room for another fall of the batches. */
  behind: behindSchema,
  logKilobytes: z.number(),
  /** Of 1,000 checkouts, by the exact counts and the committed durations. */
  dollars: z.number(),
});
type ScenarioBudget = z.infer<typeof scenarioBudgetSchema>;

export const scenarios = ['paid', 'declined'] as const;
export type Scenario = (typeof scenarios)[number];

/** What checkouts may cost. A rise is a decision: `npm run cost -- --accept` writes the file anew. */
export const budgetSchema = z.strictObject({
  measuredOn: z.iso.date(),
  /** Milliseconds that a request of a Lambda is billed for, on the machine that measured last. */
  milliseconds: z.record(z.string(), z.number()),
  scenarios: z.record(z.enum(scenarios), scenarioBudgetSchema),
});
export type Budget = z.infer<typeof budgetSchema>;

/** What has risen over the budget, in words; nothing when all is within it. */
export function risen(
  { usage, behind, logKilobytes }: Measurement,
  dollars: number,
  budget: ScenarioBudget,
): string[] {
  const over = (name: string, now: number, allowed: number) =>
    now > allowed ? [`${name}: ${now}, budget ${allowed}`] : [];
  return [
    ...counts(usage, budget.usage).flatMap(([name, now, allowed]) => over(name, now, allowed)),
    ...counts(behind, budget.behind).flatMap(([name, now, allowed]) => over(`${name} behind`, now, allowed)),
    ...over('log kilobytes', logKilobytes, budget.logKilobytes),
    // The same counts give the same price but for the last digits of a floating-point number.
    ...over('dollars per 1,000', Math.round(dollars * 1e9) / 1e9, Math.round(budget.dollars * 1e9) / 1e9),
  ];
}

function counts(now: Usage | Behind, allowed: Usage | Behind): [string, number, number][] {
  const flat = ({ lambdas, ...rest }: Usage | Behind) =>
    new Map([
      ...Object.entries(rest),
      ...Object.entries(lambdas).map(([name, count]) => [`Lambda ${name}`, count] as const),
    ]);
  const limits = flat(allowed);
  return [...flat(now)].map(([name, count]) => [name, count, limits.get(name) ?? 0]);
}

/** One batch that falls apart into two makes so much of a difference: a little more than one record's work. */
const room = { times: 1.25, more: 2 };

/** The budget that a measurement just fits. */
export function budgetOf({ usage, behind, logKilobytes }: Measurement, dollars: number): ScenarioBudget {
  const roomy = (count: number) => Math.ceil(count * room.times + room.more);
  const { lambdas, ...rest } = behind;
  return {
    usage,
    behind: behindSchema.parse({
      ...Object.fromEntries(Object.entries(rest).map(([name, count]) => [name, roomy(count)])),
      lambdas: Object.fromEntries(Object.entries(lambdas).map(([name, count]) => [name, roomy(count)])),
    }),
    logKilobytes: roomy(logKilobytes),
    dollars,
  };
}
