import { z } from 'zod';

/** How a stage keeps its analytics events and answers questions about them. */
export const analyticsSettingsSchema = z
  .strictObject({
    /** Days for which files of events are kept. */
    keptDays: z.int().min(1).max(3650),
    /** Days after which they move to cheaper storage, which costs more to read; without it, they do not. */
    coldAfterDays: z.int().min(30).optional(),
    /** How long Firehose gathers events before it writes a file. Many small files make slow queries. */
    deliverySeconds: z.int().min(60).max(900),
    /** A query that would read more is cancelled: Athena is paid by what it reads. */
    queryLimitMegabytes: z.int().min(10),
    /** Offers the events in QuickSight, to which the account must have subscribed; without it, not. */
    quickSight: z
      .strictObject({
        /** User or group of QuickSight that may use the data set. */
        principalArn: z
          .string()
          .regex(
            /^arn:[a-z-]+:quicksight:[a-z0-9-]+:\d{12}:(user|group)\/[\w+=,.@/-]+$/,
            'must be the ARN of a user or a group of QuickSight',
          ),
      })
      .optional(),
  })
  .refine(({ keptDays, coldAfterDays = 0 }) => coldAfterDays < keptDays, {
    path: ['coldAfterDays'],
    message: 'must be less than keptDays',
  });

export type AnalyticsSettings = z.output<typeof analyticsSettingsSchema>;

/** What is where in the analytics bucket. */
export const analyticsPrefixes = {
  events: 'events/',
  /** Records that do not fit the table, as they came, and why. */
  errors: 'errors/',
  queryResults: 'query-results/',
} as const;
