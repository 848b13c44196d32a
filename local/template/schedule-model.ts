import { z } from 'zod';

/** Something that the stage runs again and again. */
export interface ScheduleModel {
  readonly name: string;
  readonly intervalMs: number;
  readonly functionArn: string;
  /** What the function is called with. */
  readonly event: unknown;
}

const target = z.looseObject({ Arn: z.string(), Input: z.string().optional() });
const stateful = { ScheduleExpression: z.string().optional(), State: z.string().default('ENABLED') };

/** AWS::Events::Rule has many targets, AWS::Scheduler::Schedule one. */
export const scheduleProperties = z.looseObject({
  ...stateful,
  Targets: z.array(target).optional(),
  Target: target.optional(),
});

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/**
 * The runs of a rule or schedule. Those by calendar (`cron`, `at`) are for AWS alone: nobody keeps a stack on
 * their machine running until the first of the month.
 */
export function readSchedules(
  name: string,
  properties: z.output<typeof scheduleProperties>,
): ScheduleModel[] {
  const { ScheduleExpression = '', State, Targets = [], Target } = properties;
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(ScheduleExpression);
  if (!rate || State !== 'ENABLED') return [];
  const [, count, unit] = rate;
  const intervalMs = Number(count) * unitMs[unit === 'day' || unit === 'hour' ? unit : 'minute'];
  return [...Targets, ...(Target ? [Target] : [])].map(({ Arn, Input }) => ({
    name,
    intervalMs,
    functionArn: Arn,
    event: Input === undefined ? {} : JSON.parse(Input),
  }));
}
