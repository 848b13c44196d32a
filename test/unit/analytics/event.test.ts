import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toJSONSchema } from 'zod';
import { eventColumns } from '../../../lib/constructs/event-columns.ts';
import { type AnalyticsEvent, analyticsEventSchema, schemaVersion } from '../../../shared/analytics/event.ts';
import { eventTypes } from '../../../shared/analytics/event-types.ts';
import { eventsOfDays } from '../../support/builders/analytics.ts';

const docs = join(import.meta.dirname, '../../../docs');

/** One event of each row of the table, as its producer makes it. */
async function oneOfEach(): Promise<Record<string, AnalyticsEvent>> {
  const shop = eventsOfDays();
  const time = '2026-03-01 12:00';
  shop.paid('order-1', 1999, time);
  shop.ended('order-1', 'payment_declined', time);
  shop.ended('order-1', 'cancelled', time);
  shop.ended('order-1', 'refunded', time);
  shop.low('mug', 2, time);
  await shop.saw('product.viewed', time, { userId: 'ann' });
  return Object.fromEntries(
    shop.arrivals.map(({ event }) => [event.source === 'ui' ? 'ui.*' : event.type, event]),
  );
}

describe('the envelope', () => {
  it('holds every type of event as its producer makes it, with the facts that the table tells', async () => {
    const events = await oneOfEach();
    expect(Object.keys(events).sort()).toEqual(Object.keys(eventTypes).sort());
    for (const [type, definition] of Object.entries(eventTypes)) {
      const {
        schemaVersion: version,
        eventId,
        occurredAt,
        source,
        properties,
        type: _,
        ...facts
      } = analyticsEventSchema.parse(events[type]);
      expect({ version, source }).toEqual({ version: schemaVersion, source: definition.source });
      expect([eventId, occurredAt, properties]).not.toContain(undefined);
      const told = [...definition.facts, ...('also' in definition ? definition.also : [])];
      expect(Object.keys(facts).sort(), type).toEqual(told.sort());
    }
  });

  it.each<[string, string, object]>([
    ['an unknown type', 'order.paid', { type: 'order.eaten' }],
    ['another version', 'order.paid', { schemaVersion: 2 }],
    ['a member that nobody knows', 'order.paid', { email: 'ann@example.com' }],
    ['the source of another type', 'order.paid', { source: 'ui' }],
    ['a fact of another type', 'order.paid', { productId: 'mug' }],
    ['no product', 'stock.low', { productId: undefined }],
    ['an amount with decimals', 'order.paid', { amount: 19.99 }],
  ])('refuses %s', async (_, type, change) => {
    const event = (await oneOfEach())[type];
    expect(analyticsEventSchema.safeParse(event).success).toBe(true);
    expect(analyticsEventSchema.safeParse({ ...event, ...change }).success).toBe(false);
  });

  it('is published as the JSON Schema that docs/ has', () => {
    const published: unknown = JSON.parse(readFileSync(join(docs, 'analytics-event.schema.json'), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(toJSONSchema(analyticsEventSchema))));
  });

  it('keeps what version 1 had, in name and type, since files of former days are read by it', () => {
    expect(Object.fromEntries(eventColumns().map(({ name, type }) => [name, type]))).toMatchObject({
      schemaversion: 'bigint',
      eventid: 'string',
      type: 'string',
      occurredat: 'string',
      source: 'string',
      userid: 'string',
      orderid: 'string',
      productid: 'string',
      outcome: 'string',
      reason: 'string',
      amount: 'bigint',
      currency: 'string',
      available: 'bigint',
      threshold: 'bigint',
      properties: 'map<string,string>',
    });
  });

  it('is explained in docs/analytics.md by member and by type', () => {
    const page = readFileSync(join(docs, 'analytics.md'), 'utf8');
    for (const member of Object.keys(analyticsEventSchema.shape)) expect(page).toContain(`| \`${member}\` |`);
    for (const type of Object.keys(eventTypes)) expect(page).toContain(`| \`${type}\` |`);
  });
});
