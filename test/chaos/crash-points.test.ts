import { beforeAll, describe, expect, test } from 'vitest';
import { callFaults, invocationFaults } from './faults.ts';
import { isWhole, journeys, run } from './journeys.ts';
import { loadStage, type Stage } from './stage.ts';

const timeout = isWhole ? 60 * 60_000 : 10 * 60_000;
let stage: Stage;
beforeAll(async () => {
  stage = await loadStage();
});

/**
 * Every call that any Lambda makes to DynamoDB, the payment provider, SNS, Kinesis, Step Functions or Secrets Manager,
 * in order: once the Lambda's process dies right after it, and before its first one. (To die before a later call is to
 * die after the one before it.) Then everybody does what they do on AWS: Step Functions retries and catches, the
 * client repeats its request, the stream and the webhook are delivered again, the reconciler runs.
 */
describe('a journey whose Lambda dies at any one of its calls', { timeout }, () => {
  test.each(journeys)('$name: ends $ends all the same, and every invariant holds', async (journey) => {
    const undisturbed = await run(stage, journey, { isTraced: true });
    expect(undisturbed.violations).toEqual([]);
    expect(undisturbed.endings).toEqual([journey.ends]);

    const { calls } = undisturbed;
    const firsts = firstCalls(undisturbed.trace);
    const crashes = [
      ...firsts.map((call) => ({ call, kind: 'crash_before' as const })),
      ...points(calls).map((call) => ({ call, kind: 'crash_after' as const })),
    ];
    let died = 0;
    const broken: object[] = [];
    for (const fault of crashes) {
      const { violations, endings, faults } = await run(stage, journey, { fault });
      died += faults[fault.kind] ?? 0;
      if (violations.length > 0 || endings.join() !== journey.ends)
        broken.push({ fault, endings, violations });
    }
    console.log(`${journey.name}: ${calls} calls in ${firsts.length} invocations, ${died} crash points`);
    expect(broken).toEqual([]);
    expect(died).toBe(calls + firsts.length);
  });
});

/** The numbers of the calls that are the first of their invocation. */
function firstCalls(trace: readonly string[] = []): number[] {
  const firsts = new Map<string, number>();
  for (const line of trace) {
    const [, number, invocation] = / call (\d+) (\S+#\d+) /.exec(line) ?? [];
    if (number === undefined || invocation === undefined) continue;
    firsts.set(invocation, Math.min(firsts.get(invocation) ?? Number.POSITIVE_INFINITY, Number(number)));
  }
  // The shop is set up by invocations whose calls all bear the number 0.
  return [...new Set(firsts.values())].sort((a, b) => a - b);
}

/** Whatever else can befall a call or an invocation, and not only a death. */
describe.runIf(isWhole)('a journey in which any one call or invocation fails in any way', { timeout }, () => {
  test.each(journeys)('$name: ends $ends all the same, and every invariant holds', async (journey) => {
    const { calls, invocations } = await run(stage, journey);
    const faults = [
      ...points(calls).flatMap((call) => callFaults.map((kind) => ({ call, kind }))),
      ...points(invocations).flatMap((invocation) => invocationFaults.map((kind) => ({ invocation, kind }))),
    ];
    const broken: object[] = [];
    for (const fault of faults) {
      const { violations, endings } = await run(stage, journey, { fault });
      if (violations.length > 0 || endings.join() !== journey.ends)
        broken.push({ fault, endings, violations });
    }
    console.log(`${journey.name}: ${faults.length} faults`);
    expect(broken).toEqual([]);
  });
});

function points(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
