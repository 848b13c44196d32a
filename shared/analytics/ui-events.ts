import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Effects } from '../effects.ts';
import { type AnalyticsEvent, analyticsEventSchema, schemaVersion } from './event.ts';
import { looksPersonal } from './personal-data.ts';

const maximumEvents = 25;
const maximumProperties = 20;
/** What a batch may have: over a kilobyte for each event. Anybody may send one, and every byte is kept. */
export const maximumBatchBytes = 32 * 1024;

const minute = 60_000;
/** How far a client's clock is believed: an app may have been without a network for days. */
const believed = { backMilliseconds: 7 * 24 * 60 * minute, aheadMilliseconds: 5 * minute };
/** The client's own time, where it is not believed. No client can name a property so. */
const ownTimeProperty = '_at';

/**
 * Events go into files that nobody can erase a line from, so they may not name a person. What plainly does is
 * refused; that the rest does not is the client's to see to.
 */
const personal = [
  (value: string | number) => !looksPersonal(value),
  'looks like personal data; events may carry ids, names of things and numbers only',
] as const;

const textSchema = z
  .string()
  .max(200)
  .refine(...personal);
const propertiesSchema = z
  .record(
    z
      .string()
      .min(1)
      .max(40)
      .regex(/^[A-Za-z][\w.-]*$/, 'must be a name: letters, digits, dots, dashes and underscores')
      .refine(...personal),
    z.union([textSchema, z.number().refine(...personal), z.boolean()]),
  )
  .refine((properties) => Object.keys(properties).length <= maximumProperties, {
    message: `may have ${maximumProperties} members at most`,
  })
  .refine((properties) => new Set(loweredNames(properties)).size === Object.keys(properties).length, {
    message: 'has names that differ by their case only',
  });

/** The files tell names apart without their case, and an event with a name twice would not get into them. */
function loweredNames(properties: object): string[] {
  return Object.keys(properties).map((name) => name.toLowerCase());
}

export const uiEventsRequest = z.strictObject({
  events: z
    .array(
      z.strictObject({
        type: z
          .string()
          .max(60)
          .regex(/^[A-Za-z][\w.:-]*$/, 'must be a name: letters, digits, dots, colons, dashes, underscores')
          .refine(...personal),
        at: z.iso
          .datetime({ offset: true })
          .describe('By the client’s clock. Over 7 days ago or 5 minutes ahead, it counts as just now.'),
        properties: propertiesSchema.optional(),
      }),
    )
    .min(1)
    .max(maximumEvents),
});
export type UiEvents = z.output<typeof uiEventsRequest>;

export const uiEventsAnswer = z.object({ accepted: z.int() });

/** Takes many events at once. */
export interface AnalyticsBatch {
  /** @throws TransientError when some were not taken; those that were may come again */
  putAll(events: readonly AnalyticsEvent[]): Promise<void>;
}

/**
 * Puts what a client saw onto the analytics stream. Types get the prefix `ui.`, so that no client can report
 * a paid order.
 * @returns how many were taken, which is all of them
 */
export async function recordUiEvents(
  { events }: UiEvents,
  userId: string | undefined,
  { stream, effects }: { stream: AnalyticsBatch; effects: Effects },
): Promise<number> {
  const now = effects.clock.now();
  // The rest of the envelope is ours; what goes onto the stream of a stranger's is looked at by the published schema.
  await stream.putAll(
    events.map((event) => analyticsEventSchema.parse(envelope(event, userId, now, effects))),
  );
  return events.length;
}

function envelope(
  { type, at, properties = {} }: UiEvents['events'][number],
  userId: string | undefined,
  now: Date,
  { ids }: Pick<Effects, 'ids'>,
): AnalyticsEvent {
  const isTrue = isBelievable(at, now);
  return {
    // A known user's request sent again makes the same ids; guests cannot be told apart, so theirs are new.
    eventId: `ui_${userId === undefined ? ids.next() : digest([userId, type, at, properties])}`,
    schemaVersion,
    type: `ui.${type}`,
    occurredAt: (isTrue ? new Date(at) : now).toISOString(),
    source: 'ui',
    ...(userId === undefined ? {} : { userId }),
    // A column of the files has one type, and its names no case.
    properties: Object.fromEntries([
      ...Object.entries(properties).map(([name, value]) => [name.toLowerCase(), String(value)]),
      ...(isTrue ? [] : [[ownTimeProperty, at]]),
    ]),
  };
}

/** Queries compare these times with ours, and a device may have any. */
function isBelievable(at: string, now: Date): boolean {
  const age = now.getTime() - Date.parse(at);
  return age <= believed.backMilliseconds && age >= -believed.aheadMilliseconds;
}

function digest(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
