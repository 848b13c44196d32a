import * as z from 'zod';
import { currencySchema } from '../money/currency.ts';
import { definitionOf, eventTypes } from './event-types.ts';

/** docs/analytics.md tells which changes of the envelope take a new version. */
export const schemaVersion = 1;

const typePattern = new RegExp(
  `^(${Object.keys(eventTypes)
    .map((type) => type.replace('.', '\\.').replace('*', '.+'))
    .join('|')})$`,
);
const count = z.int().min(0);

/**
 * The envelope of every analytics event. It is flat, since each member is a column of the files. What clients say
 * beside it is in `properties`, on which no query of ours relies.
 */
export const analyticsEventSchema = z
  .strictObject({
    schemaVersion: z.literal(schemaVersion),
    eventId: z
      .string()
      .min(1)
      .max(200)
      .describe('The same for every repetition: readers drop doubles by it.'),
    type: z.string().regex(typePattern),
    occurredAt: z.iso.datetime().describe("UTC. Of UI events the client's time, if it is near ours."),
    source: z.enum(['checkout', 'stock', 'ui']),
    userId: z.string().optional(),
    orderId: z.string().optional(),
    productId: z.string().optional(),
    outcome: z.enum(['allocated', 'partial']).optional().describe('Whether all of the order was sold.'),
    reason: z.string().optional().describe('Failure code of the order, or how it was ended.'),
    amount: count.optional().describe('What was paid, in minor units of the currency.'),
    currency: currencySchema.optional(),
    available: count.optional().describe('Pieces of the product that were free.'),
    threshold: count.optional().describe('Low-stock threshold of the product.'),
    properties: z.record(z.string(), z.string()).describe('Further facts of UI events, as text.'),
  })
  .superRefine((event, context) => {
    const definition = definitionOf(event.type);
    if (!definition) return;
    const { source, facts, also = [] } = definition;
    const common = ['schemaVersion', 'eventId', 'type', 'occurredAt', 'source', 'properties'];
    const allowed = new Set<string>([...common, ...facts, ...also]);
    const wrong = [
      ...(event.source === source ? [] : ['source']),
      ...facts.filter((fact) => event[fact] === undefined),
      ...Object.keys(event).filter((member) => !allowed.has(member)),
    ];
    for (const member of wrong) {
      context.addIssue({ code: 'custom', path: [member], message: `is not as ${event.type} has it` });
    }
  });
export type AnalyticsEvent = z.infer<typeof analyticsEventSchema>;

export interface AnalyticsStream {
  /** @throws TransientError when the stream is busy */
  put(event: AnalyticsEvent): Promise<void>;
}

/** One record of the stream: a line of JSON, as what Firehose cannot convert it writes into files of lines. */
export function recordOf(event: AnalyticsEvent): string {
  return `${JSON.stringify(event)}\n`;
}
