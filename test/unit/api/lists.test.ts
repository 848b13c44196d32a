import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { etag, versionOf } from '../../../shared/api/etag.ts';
import { pageBody, pageQuery, readPage } from '../../../shared/api/list.ts';
import { limitRate } from '../../../shared/api/rate-limit.ts';

describe('a page', () => {
  test('that has a next one can be followed by its cursor', () => {
    const position = { orderId: '01KJ', sort: 'ü' };
    const { nextCursor = '', items } = pageBody({ items: [1, 2], next: position });
    expect(items).toEqual([1, 2]);
    expect(nextCursor).toMatch(/^[\w-]+$/);
    expect(readPage({ limit: 2, cursor: nextCursor })).toEqual({ limit: 2, after: position });
  });

  test('that is the last has none', () => {
    expect(pageBody({ items: [] })).toEqual({ items: [] });
    expect(readPage({ limit: 20 })).toEqual({ limit: 20 });
  });

  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  test.each([
    'nonsense',
    '%%%',
    encode('text'),
    encode(null),
    encode([1]),
    encode({ orderId: 1 }),
    encode({ orderId: { $ne: '' } }),
  ])('is not reached by the forged cursor %j', (cursor) => {
    expect(() => readPage({ limit: 20, cursor })).toThrow(
      expect.objectContaining({
        code: 'validation_failed',
        options: expect.objectContaining({ errors: [expect.objectContaining({ path: '/query/cursor' })] }),
      }),
    );
  });

  test('has 1 to 100 items, 20 unless told', () => {
    const query = z.strictObject(pageQuery);
    expect(query.parse({})).toEqual({ limit: 20 });
    expect(query.parse({ limit: '100' }).limit).toBe(100);
    for (const limit of ['0', '101', '-1', '1.5', 'ten', '']) {
      expect(query.safeParse({ limit }).success).toBe(false);
    }
  });
});

describe('an ETag', () => {
  test('names a version and is read back', () => {
    expect(versionOf(etag(12))).toBe(12);
  });

  test.each(['12', '"x"', '*', 'W/"12"', '"1", "2"', '"-1"', '""', `"${'9'.repeat(16)}"`])(
    'that we never gave (%s) matches nothing',
    (value) => {
      expect(() => versionOf(value)).toThrow(expect.objectContaining({ code: 'version_conflict' }));
    },
  );
});

describe('a limit of calls a minute', () => {
  const counter = () => {
    const windows = new Map<string, number>();
    return {
      windows,
      hit: async (key: string, start: Date) => {
        const name = `${key}@${start.toISOString()}`;
        const hits = (windows.get(name) ?? 0) + 1;
        windows.set(name, hits);
        return hits;
      },
    };
  };

  test('counts in whole minutes and says how long the rest of this one is', async () => {
    const limiter = counter();
    const at = (time: string) => limitRate(limiter, 'k', 2, new Date(`2026-03-01T12:${time}Z`));
    await at('00:00.000');
    await at('00:59.999');
    await expect(at('00:59.999')).rejects.toMatchObject({
      code: 'rate_limited',
      options: { retryAfterSeconds: 1 },
    });
    await expect(at('00:30.500')).rejects.toMatchObject({ options: { retryAfterSeconds: 30 } });
    await expect(at('00:00.000')).rejects.toMatchObject({ options: { retryAfterSeconds: 60 } });
    await at('01:00.000');
    expect([...limiter.windows.keys()]).toEqual(['k@2026-03-01T12:00:00.000Z', 'k@2026-03-01T12:01:00.000Z']);
  });

  test('is each key’s own', async () => {
    const limiter = counter();
    const now = new Date('2026-03-01T12:00:00Z');
    await limitRate(limiter, 'a', 1, now);
    await limitRate(limiter, 'b', 1, now);
    await expect(limitRate(limiter, 'a', 1, now)).rejects.toMatchObject({ code: 'rate_limited' });
  });
});
