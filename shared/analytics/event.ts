import * as z from 'zod';

/** The envelope of every analytics event. `eventId` is the same for every repetition: readers drop doubles. */
export const analyticsEventSchema = z.strictObject({
  eventId: z.string(),
  version: z.literal(1),
  type: z.string(),
  at: z.iso.datetime(),
  userId: z.string().optional(),
  orderId: z.string().optional(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type AnalyticsEvent = z.infer<typeof analyticsEventSchema>;

export interface AnalyticsStream {
  /** @throws TransientError when the stream is busy */
  put(event: AnalyticsEvent): Promise<void>;
}
