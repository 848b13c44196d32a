import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startSchedules } from '../../../local/schedules.ts';
import { readSchedules, scheduleProperties } from '../../../local/template/schedule-model.ts';

const read = (properties: Record<string, unknown>) =>
  readSchedules('Nightly', scheduleProperties.parse(properties));
const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';

describe('the schedules of a template', () => {
  test('are those of rules and of the scheduler, with what they send', () => {
    const Targets = [{ Arn: arn, Id: 'one', Input: '{"task":"reconcile"}' }];
    expect(read({ ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED', Targets })).toEqual([
      { name: 'Nightly', intervalMs: 300_000, functionArn: arn, event: { task: 'reconcile' } },
    ]);
    expect(read({ ScheduleExpression: 'rate(1 hour)', Target: { Arn: arn, RoleArn: 'r' } })).toEqual([
      { name: 'Nightly', intervalMs: 3_600_000, functionArn: arn, event: {} },
    ]);
  });

  test('are not those that are off, that wait for events, or that go by the calendar', () => {
    const Targets = [{ Arn: arn }];
    expect(read({ ScheduleExpression: 'rate(1 day)', State: 'DISABLED', Targets })).toEqual([]);
    expect(read({ EventPattern: { source: ['aws.s3'] }, Targets })).toEqual([]);
    expect(read({ ScheduleExpression: 'cron(0 3 * * ? *)', Targets })).toEqual([]);
  });
});

describe('a schedule', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('calls its function at its rate, never twice at once, until it is stopped', async () => {
    const calls: unknown[] = [];
    const pending: (() => void)[] = [];
    const stop = startSchedules(
      [{ name: 'n', intervalMs: 1000, functionArn: arn, event: { a: 1 } }],
      (ref, event) => {
        calls.push([ref, event]);
        return new Promise((resolve) => pending.push(() => resolve({ ok: true, payload: null })));
      },
    );
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(calls).toEqual([[arn, { a: 1 }]]);
    pending.pop()?.();
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toHaveLength(2);
    stop();
    pending.pop()?.();
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toHaveLength(2);
  });
});
