import * as z from 'zod';

/** What one checkout uses of each thing that has a price, apart from the time of the Lambdas. */
export const usageSchema = z.strictObject({
  stateTransition: z.number(),
  dynamoDbRead: z.number(),
  dynamoDbWrite: z.number(),
  apiRequest: z.number(),
  snsPublish: z.number(),
  sqsRequest: z.number(),
  kinesisKilobyte: z.number(),
  firehoseKilobyte: z.number(),
  /** Requests of each Lambda. */
  lambdas: z.record(z.string(), z.number()),
});
export type Usage = z.infer<typeof usageSchema>;

/** Work behind streams and queues: how it falls into batches differs from run to run. */
export const behindSchema = z.strictObject({
  dynamoDbRead: z.number(),
  dynamoDbWrite: z.number(),
  sqsRequest: z.number(),
  lambdas: z.record(z.string(), z.number()),
});
export type Behind = z.infer<typeof behindSchema>;

/** One checkout, as it was counted. */
export interface Measurement {
  /** The same in every run. */
  readonly usage: Usage;
  readonly behind: Behind;
  readonly logKilobytes: number;
  /** What each Lambda took for a request, warm, on the machine that measured. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** The least of each: what a neighbour or a repetition added to one run is not in the others. */
export function leastOf(all: readonly Measurement[]): Measurement {
  const [first, ...rest] = all;
  if (!first) throw new RangeError('There is no measurement');
  return rest.reduce(
    (least, next) => ({
      usage: usageSchema.parse(smaller(least.usage, next.usage)),
      behind: behindSchema.parse(smaller(least.behind, next.behind)),
      logKilobytes: Math.min(least.logKilobytes, next.logKilobytes),
      milliseconds: lesser(least.milliseconds, next.milliseconds),
    }),
    first,
  );
}

function smaller(a: Usage | Behind, b: Usage | Behind): Record<string, unknown> {
  const others = new Map<string, unknown>(Object.entries(b));
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => {
      const other = others.get(name);
      if (typeof value === 'number') return [name, Math.min(value, z.number().parse(other))];
      return [name, lesser(value, z.record(z.string(), z.number()).parse(other))];
    }),
  );
}

function lesser(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const names = Object.keys(a).filter((name) => b[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, Math.min(a[name] ?? 0, b[name] ?? 0)]));
}
