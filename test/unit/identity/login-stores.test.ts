import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttemptCounter } from '../../../shared/adapters/dynamodb/attempt-counter.ts';
import { createChallengeStore } from '../../../shared/adapters/dynamodb/challenge-store.ts';
import type { AttemptCounter, ChallengeStore } from '../../../shared/identity/login-protection.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
let attempts: AttemptCounter;
let challenges: ChallengeStore;
let made = 0;

beforeAll(async () => {
  dynamo = await startDynamo('idempotency');
  attempts = createAttemptCounter(dynamo.client, dynamo.table('idempotency'));
  challenges = createChallengeStore(dynamo.client, dynamo.table('idempotency'));
});
afterAll(() => dynamo?.stop());

const start = new Date('2026-03-01T12:00:00.000Z');
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const window = 900;
function fresh(): string {
  made += 1;
  return `counter-${made}`;
}
const items = async () =>
  (await dynamo.client.send(new ScanCommand({ TableName: dynamo.table('idempotency') }))).Items ?? [];

describe('a counter of attempts', () => {
  const take = (key: string, limit = 3, now = start) => attempts.take(key, limit, now, window);
  const kindOf = async (key: string, limit = 3, now = start) => (await take(key, limit, now)).kind;
  const failing = async (key: string, limit = 3, now = start) => {
    expect(await kindOf(key, limit, now)).toBe('taken');
    await attempts.fail(key, now, window);
  };

  it('hands out its attempts, and then says how many failed and until when it is exhausted', async () => {
    const key = fresh();
    expect(await take(key)).toMatchObject({ kind: 'taken', failures: 0 });
    await attempts.fail(key, start, window);
    for (const failures of [1, 2]) {
      expect(await take(key)).toEqual({ kind: 'taken', failures, until: later(window) });
      await attempts.fail(key, start, window);
    }
    expect(await take(key, 3, later(100))).toEqual({ kind: 'exhausted', failures: 3, until: later(window) });
  });

  it('hands out no more than the limit at one moment', async () => {
    const key = fresh();
    const taken = await Promise.all(Array.from({ length: 12 }, () => kindOf(key, 5)));
    expect(taken.filter((kind) => kind === 'taken')).toHaveLength(5);
    expect(await take(key, 5)).toMatchObject({ kind: 'exhausted', failures: 0 });
  });

  it('counts each of the failures at one moment', async () => {
    const key = fresh();
    await Promise.all(Array.from({ length: 8 }, () => failing(key, 20)));
    expect(await take(key, 20)).toMatchObject({ failures: 8 });
  });

  it('counts failures until a window after the latest of them', async () => {
    const key = fresh();
    await failing(key, 2);
    expect(await kindOf(key, 2, later(600))).toBe('taken');
    await attempts.fail(key, later(700), window);
    expect(await take(key, 2, later(1599))).toMatchObject({ kind: 'exhausted', until: later(1600) });
    expect(await take(key, 2, later(1600))).toMatchObject({ kind: 'taken', failures: 0 });
  });

  it('forgets failures in time however busy it is: a success in minute 14 keeps none of minute 0', async () => {
    const key = fresh();
    await failing(key);
    await failing(key);
    for (let minute = 1; minute < 15; minute += 1) {
      expect(await take(key, 3, later(minute * 60))).toMatchObject({ kind: 'taken', failures: 2 });
      await attempts.giveBack(key);
    }
    expect(await take(key, 3, later(900))).toMatchObject({ kind: 'taken', failures: 0 });
  });

  it('does not let a failure bring back those that have run out while it ran', async () => {
    const key = fresh();
    for (let time = 0; time < 4; time += 1) await failing(key, 9);
    expect(await kindOf(key, 9, later(895))).toBe('taken');
    await attempts.fail(key, later(905), window);
    expect(await take(key, 9, later(905))).toMatchObject({ kind: 'taken', failures: 1 });
  });

  it('frees attempts that never ended after a minute, and no failures with them', async () => {
    const key = fresh();
    await failing(key, 3);
    for (let time = 0; time < 2; time += 1) expect(await kindOf(key, 3)).toBe('taken');
    expect(await kindOf(key, 3, later(59))).toBe('exhausted');
    expect(await take(key, 3, later(60))).toMatchObject({ kind: 'taken', failures: 1 });
    expect(await kindOf(key, 3, later(60))).toBe('taken');
    expect(await kindOf(key, 3, later(60))).toBe('exhausted');
  });

  it('starts anew once, however many find it run out at one moment', async () => {
    const key = fresh();
    for (let time = 0; time < 3; time += 1) await failing(key);
    const taken = await Promise.all(Array.from({ length: 6 }, () => kindOf(key, 3, later(window))));
    expect(taken.filter((kind) => kind === 'taken')).toHaveLength(3);
  });

  it('gives an attempt back, but never one that was not taken', async () => {
    const key = fresh();
    await take(key, 1);
    for (let time = 0; time < 3; time += 1) await attempts.giveBack(key);
    expect(await kindOf(key, 1)).toBe('taken');
    expect(await kindOf(key, 1)).toBe('exhausted');
    await attempts.giveBack(fresh());
  });

  it('forgets what failed, and counts what was running and fails after that', async () => {
    const key = fresh();
    for (let time = 0; time < 3; time += 1) await failing(key, 6);
    for (let time = 0; time < 3; time += 1) expect(await kindOf(key, 6)).toBe('taken');
    await attempts.forget(key);
    for (let time = 0; time < 3; time += 1) await attempts.fail(key, start, window);
    expect(await take(key)).toMatchObject({ kind: 'exhausted', failures: 3 });
    const unused = fresh();
    await attempts.forget(unused);
    await attempts.fail(unused, start, window);
    expect((await items()).map(({ pk }) => pk)).not.toContain(`ATTEMPTS#${unused}`);
  });

  it('leaves the table by its TTL', async () => {
    const key = fresh();
    await take(key);
    const item = (await items()).find(({ pk }) => pk === `ATTEMPTS#${key}`);
    expect(item?.expiresAt).toBe(later(window).getTime() / 1000);
  });
});

describe('a kept challenge', () => {
  const expiresAt = later(600);
  async function aChallenge() {
    const challengeId = fresh();
    await challenges.put({ challengeId, userId: 'ann', codeHash: 'hash', expiresAt });
    return challengeId;
  }

  it('gives its hash for each attempt within the limit, counted at one moment too', async () => {
    const id = await aChallenge();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => challenges.takeAttempt(id, 'ann', 5, start)),
    );
    expect(answers.filter((hash) => hash === 'hash')).toHaveLength(5);
  });

  it('gives it to its user alone, whose attempts others do not take', async () => {
    const id = await aChallenge();
    for (let time = 0; time < 6; time += 1) {
      expect(await challenges.takeAttempt(id, 'bob', 5, start)).toBeUndefined();
    }
    expect(await challenges.takeAttempt(id, 'ann', 5, start)).toBe('hash');
  });

  it('gives it until it expires, to the millisecond', async () => {
    const id = await aChallenge();
    const last = new Date(expiresAt.getTime() - 1);
    expect(await challenges.takeAttempt(id, 'ann', 5, last)).toBe('hash');
    expect(await challenges.takeAttempt(id, 'ann', 5, expiresAt)).toBeUndefined();
  });

  it('is used once, by one of many', async () => {
    const id = await aChallenge();
    const uses = await Promise.all(Array.from({ length: 8 }, () => challenges.use(id)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await challenges.takeAttempt(id, 'ann', 5, start)).toBeUndefined();
  });

  it('that never was is neither found nor made', async () => {
    const id = fresh();
    expect(await challenges.takeAttempt(id, 'ann', 5, start)).toBeUndefined();
    expect(await challenges.use(id)).toBe(false);
    expect((await items()).map(({ pk }) => pk)).not.toContain(`CHALLENGE#${id}`);
  });

  it('leaves the table by its TTL', async () => {
    const id = await aChallenge();
    const item = (await items()).find(({ pk }) => pk === `CHALLENGE#${id}`);
    expect(item?.expiresAt).toBe(expiresAt.getTime() / 1000);
  });
});
