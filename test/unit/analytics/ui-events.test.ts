import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createKinesisBatch } from '../../../shared/adapters/kinesis-batch.ts';
import { analyticsEventSchema } from '../../../shared/analytics/event.ts';
import { maximumBatchBytes, recordUiEvents, uiEventsRequest } from '../../../shared/analytics/ui-events.ts';
import { testEffects } from '../../support/effects.ts';
import { fakeStream } from '../../support/privacy-fakes.ts';

const click = { type: 'click', at: '2026-03-01T12:00:00.000Z', properties: { banner: 'spring', place: 2 } };
const record = async (events: object[], userId?: string) => {
  const stream = fakeStream();
  const accepted = await recordUiEvents(uiEventsRequest.parse({ events }), userId, {
    stream,
    effects: testEffects(),
  });
  return { accepted, events: stream.events };
};

describe('UI events', () => {
  it('go onto the stream in our envelope, under a type that no client can pass off as an order’s', async () => {
    const { accepted, events } = await record([click, { type: 'order.paid', at: click.at }], 'ann');
    expect(accepted).toBe(2);
    expect(events).toMatchObject([
      {
        type: 'ui.click',
        source: 'ui',
        userId: 'ann',
        occurredAt: click.at,
        properties: { banner: 'spring', place: '2' },
      },
      { type: 'ui.order.paid', properties: {} },
    ]);
    for (const event of events) analyticsEventSchema.parse(event);
  });

  it('have the same id when a known user sends them again, and new ones from guests', async () => {
    const ids = async (userId?: string) =>
      (await record([click, click], userId)).events.map((one) => one.eventId);
    const [first, second] = [await ids('ann'), await ids('ann')];
    expect(first).toEqual(second);
    expect(first[0]).not.toBe((await ids('bob'))[0]);
    const [one, other] = await ids();
    expect(one).not.toBe(other);
    expect((await record([click])).events[0]).not.toHaveProperty('userId');
  });

  const schemaOfEvents = z.array(analyticsEventSchema);

  it.each([
    ['a week ago', '2026-02-22T12:00:00.000Z'],
    ['five minutes ahead', '2026-03-01T12:05:00.000Z'],
    ['in another zone', '2026-03-01T22:00:00+10:00'],
  ])('have the client’s time when it is %s', async (_, at) => {
    const { events } = await record([{ ...click, at }]);
    expect(schemaOfEvents.parse(events)).toMatchObject([{ occurredAt: new Date(at).toISOString() }]);
    expect(events[0]?.properties).toEqual({ banner: 'spring', place: '2' });
  });

  it.each([
    ['over a week ago', '2026-02-22T11:59:59.999Z'],
    ['over five minutes ahead', '2026-03-01T12:05:00.001Z'],
    ['long ago', '0001-01-01T00:00:00.000Z'],
    ['beyond all years that have four digits', '9999-12-31T23:59:59-12:00'],
  ])('count as just now when a client’s clock says %s, and tell what it said', async (_, at) => {
    const { events } = await record([{ ...click, at }, click]);
    expect(schemaOfEvents.parse(events)).toMatchObject([
      { occurredAt: '2026-03-01T12:00:00.000Z', properties: { banner: 'spring', place: '2', _at: at } },
      { occurredAt: click.at },
    ]);
    expect(uiEventsRequest.safeParse({ events: [{ ...click, properties: { _at: at } }] }).success).toBe(
      false,
    );
  });

  it('that the published schema would refuse do not reach the stream', async () => {
    const stream = fakeStream();
    const nameless = { events: [{ type: '', at: click.at }] };
    const recorded = recordUiEvents(nameless, 'ann', { stream, effects: testEffects() });
    await expect(recorded).rejects.toBeInstanceOf(z.ZodError);
    expect(stream.events).toEqual([]);
  });

  it.each([
    ['an e-mail address', 'write to ann@example.com'],
    ['a phone number', '+14155550100'],
    ['a phone number with spaces', 'call +1 415 555 0100'],
    ['a phone number with brackets', '+49 (0)30 / 123 456'],
    ['a phone number as one writes it at home', '(415) 555-0100'],
    ['a phone number with dashes', '415-555-0100'],
    ['a phone number with 00', '0049 30 1234567'],
    ['a phone number with a trunk prefix', '030 1234567'],
    ['a network address', 'from 203.0.113.7'],
    ['an IPv6 address', 'from 2001:db8::1, port 443'],
    ['an IPv6 address with its prefix', '[2001:db8:1:2::]/64'],
    ['a card number', '4242 4242 4242 4242'],
    ['a card number and its date', '4242 4242 4242 4242 12/27'],
    ['a card number as a number', 4242424242424242],
  ])('may not carry %s', (_, text) => {
    const parsed = uiEventsRequest.safeParse({ events: [{ ...click, properties: { text } }] });
    expect(parsed.error?.issues).toMatchObject([{ path: ['events', 0, 'properties', 'text'] }]);
  });

  it.each([
    ['the type', { ...click, type: 'fe80::1' }],
    ['the type too', { ...click, type: 'card.4242424242424242' }],
    ['the name of a property', { ...click, properties: { 'call-415-555-0100': true } }],
    ['the name of another', { ...click, properties: { c4242424242424242: 1 } }],
  ])('may not carry it in %s either', (_, event) => {
    expect(uiEventsRequest.safeParse({ events: [event] }).success).toBe(false);
  });

  it.each([
    ['none', { events: [] }],
    ['more than 25', { events: Array.from({ length: 26 }, () => click) }],
    ['one without a time', { events: [{ type: 'click' }] }],
    ['one with unknown fields', { events: [{ ...click, userId: 'somebody' }] }],
    ['one with nested properties', { events: [{ ...click, properties: { a: { b: 1 } } }] }],
  ])('are refused: %s', (_, body) => {
    expect(uiEventsRequest.safeParse(body).success).toBe(false);
  });

  it('have the names of their properties in lower case, as the files do', async () => {
    const properties = { productId: 'mug', Seen: true };
    const { events } = await record([{ ...click, properties }]);
    expect(events).toMatchObject([{ properties: { productid: 'mug', seen: 'true' } }]);
    expect(Object.keys(events[0]?.properties ?? {})).toEqual(['productid', 'seen']);
  });

  it.each([
    ['two', { productId: 1, productid: 2 }],
    ['two others', { 'Sale.Banner': 'a', sale: 'b', 'sale.banner': 'a' }],
  ])('may not have names that differ by their case only: %s', (_, properties) => {
    const parsed = uiEventsRequest.safeParse({ events: [{ ...click, properties }] });
    expect(parsed.error?.issues).toMatchObject([
      { path: ['events', 0, 'properties'], message: 'has names that differ by their case only' },
    ]);
  });

  it('may be 25 at once, and carry what names a thing', () => {
    const properties = {
      productId: '01J8',
      path: '/sale?page=2',
      version: '10.4',
      label: 'Buy now',
      seen: true,
      at: 1_772_366_400_000,
      price: 1999.5,
      when: '2026-03-01T12:00:00.000Z',
      time: '12:30',
      uuid: '550e8400-e29b-41d4-a716-446655440000',
      size: '100-200',
      date: '01-03-2026',
      slot: '08:00-10:00 01/03',
      sku: '0123-4567-AB',
      session: '1234567890123',
    };
    const events = Array.from({ length: 25 }, () => ({ ...click, properties }));
    expect(uiEventsRequest.safeParse({ events }).success).toBe(true);
    expect(Buffer.byteLength(JSON.stringify({ events }))).toBeLessThan(maximumBatchBytes / 2);
  });
});

describe('PutRecords', () => {
  const kinesis = mockClient(KinesisClient);
  const waits: number[] = [];
  const batch = () =>
    createKinesisBatch(
      'events',
      async (milliseconds) => void waits.push(milliseconds),
      new KinesisClient({}),
    );
  const event = (eventId: string) => ({
    eventId,
    schemaVersion: 1 as const,
    type: 'ui.click',
    occurredAt: click.at,
    source: 'ui' as const,
    properties: {},
  });
  const sent = () =>
    kinesis
      .commandCalls(PutRecordsCommand)
      .map(({ args }) => args[0].input.Records?.map((one) => one.PartitionKey));

  beforeEach(() => {
    kinesis.reset();
    waits.length = 0;
  });

  it('is sent again for the records that were refused, and for those alone', async () => {
    kinesis
      .on(PutRecordsCommand)
      .resolvesOnce({
        FailedRecordCount: 1,
        Records: [{}, { ErrorCode: 'ProvisionedThroughputExceededException' }],
      })
      .resolves({ Records: [{}] });
    await batch().putAll([event('a'), event('b')]);
    expect(sent()).toEqual([['a', 'b'], ['b']]);
    expect(waits).toHaveLength(1);
  });

  it('that keeps refusing some is a fault, not an accepted batch', async () => {
    kinesis.on(PutRecordsCommand).resolves({ Records: [{ ErrorCode: 'InternalFailure' }] });
    await expect(batch().putAll([event('a')])).rejects.toMatchObject({ name: 'TransientError' });
    expect(sent()).toHaveLength(3);
  });
});
