import * as z from 'zod';
import type { Behind, Usage } from './usage.ts';

const priceSchema = z.strictObject({ dollars: z.number().positive(), unit: z.string(), source: z.string() });
const priced = [
  'stateTransition',
  'dynamoDbRead',
  'dynamoDbWrite',
  'apiRequest',
  'lambdaRequest',
  'lambdaGbSecond',
  'snsPublish',
  'sqsRequest',
  'kinesisKilobyte',
  'firehoseKilobyte',
  'logKilobyte',
] as const;
type Priced = (typeof priced)[number];

/** A price list of one region and day. */
export const priceListSchema = z.strictObject({
  region: z.string(),
  recordedOn: z.iso.date(),
  currency: z.literal('USD'),
  note: z.string(),
  prices: z.record(z.enum(priced), priceSchema),
  notCounted: z.array(z.string()),
});
export type PriceList = z.infer<typeof priceListSchema>;

/** How a Lambda's time is reckoned: a fixed duration, so that the price is the same on every machine. */
export interface LambdaTimes {
  readonly memoryMb: number;
  /** Of one request, by Lambda. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** For a Lambda that nobody has measured yet. */
const unknownMilliseconds = 50;
const checkouts = 1000;

/** One line of the bill of 1,000 checkouts. */
export interface BillLine {
  readonly what: Priced;
  /** Of one checkout. */
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
}

/** What 1,000 checkouts cost by the list; nothing is rounded. */
export function bill(
  usage: Usage | Behind,
  logKilobytes: number,
  list: PriceList,
  times: LambdaTimes,
): BillLine[] {
  const { lambdas, ...counts } = usage;
  const requests = Object.values(lambdas).reduce((sum, count) => sum + count, 0);
  const seconds = Object.entries(lambdas).reduce(
    (sum, [name, count]) => sum + (count * (times.milliseconds[name] ?? unknownMilliseconds)) / 1000,
    0,
  );
  const quantities = new Map<string, number>([
    ...Object.entries(counts),
    ['lambdaRequest', requests],
    ['lambdaGbSecond', (seconds * times.memoryMb) / 1024],
    ['logKilobyte', logKilobytes],
  ]);
  return priced.flatMap((what) => {
    const quantity = quantities.get(what) ?? 0;
    const { dollars, unit } = list.prices[what];
    return quantity > 0 ? [{ what, quantity, unit, dollars: quantity * dollars * checkouts }] : [];
  });
}

export function total(lines: readonly BillLine[]): number {
  return lines.reduce((sum, line) => sum + line.dollars, 0);
}
