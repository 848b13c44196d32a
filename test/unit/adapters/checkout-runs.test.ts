import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  InvalidToken,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createCheckoutRuns } from '../../../shared/adapters/step-functions/checkout-runs.ts';
import { createReversalRuns } from '../../../shared/adapters/step-functions/reversal-runs.ts';
import { TransientError } from '../../../shared/errors.ts';

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:Checkout';
const execution = 'arn:aws:states:us-east-1:000000000000:execution:Checkout:order-1';
const sfn = mockClient(SFNClient);
const runs = createCheckoutRuns(new SFNClient({ region: 'us-east-1' }), machine);
const parts = { message: '', $metadata: {} };
const throttle = Object.assign(new Error('slow down'), { name: 'ThrottlingException', $fault: 'client' });

beforeEach(() => {
  sfn.reset();
});

describe('starting a checkout', () => {
  const checkout = { orderId: 'order-1', userId: 'user-1', productIds: ['mug'], fillFromProfile: false };

  test('names it by its order and hands over what the workflow reads, and no more', async () => {
    sfn.on(StartExecutionCommand).resolves({});
    await runs.start({ ...checkout, email: 'ann@example.com' } as typeof checkout);
    expect(sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input)).toEqual([
      { stateMachineArn: machine, name: 'order-1', input: JSON.stringify(checkout) },
    ]);
  });

  test('goes on with the trace of the request that placed the order, and tells its id', async () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-67891233-abcdef012345678912345678;Sampled=1');
    sfn.on(StartExecutionCommand).resolves({});
    await runs.start({ ...checkout, requestId: 'request-1' });
    await createReversalRuns(new SFNClient({ region: 'us-east-1' }), machine).start({
      orderId: 'order-1',
      userId: 'user-1',
      productIds: ['mug'],
      kind: 'cancel',
    });
    vi.unstubAllEnvs();
    const inputs = sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);
    expect(inputs.map(({ traceHeader }) => traceHeader)).toEqual([
      'Root=1-67891233-abcdef012345678912345678;Sampled=1',
      'Root=1-67891233-abcdef012345678912345678;Sampled=1',
    ]);
    expect(JSON.parse(inputs[0]?.input ?? '')).toEqual({ ...checkout, requestId: 'request-1' });
  });

  test('that has been started before is fine', async () => {
    sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists(parts));
    await expect(runs.start(checkout)).resolves.toBeUndefined();
  });

  test('may be tried again when Step Functions is busy, and not when it is wrong', async () => {
    sfn.on(StartExecutionCommand).rejectsOnce(throttle).rejectsOnce(new StateMachineDoesNotExist(parts));
    await expect(runs.start(checkout)).rejects.toThrow(TransientError);
    await expect(runs.start(checkout)).rejects.toThrow(StateMachineDoesNotExist);
  });
});

describe('describing a checkout', () => {
  const history = (...names: string[]) =>
    names.map((name, index) => ({
      id: index + 1,
      type: 'PassStateEntered' as const,
      timestamp: new Date(index),
      stateEnteredEventDetails: { name },
    }));

  test('reads all pages of its history, without the states’ data', async () => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    sfn
      .on(GetExecutionHistoryCommand)
      .resolvesOnce({ events: history('First'), nextToken: 'page-2' })
      .resolvesOnce({ nextToken: 'page-3' })
      .resolves({ events: history('Second') });
    const view = await runs.describe('order-1');
    expect(view).toMatchObject({ status: 'RUNNING', states: [{ name: 'First' }, { name: 'Second' }] });
    const calls = sfn.commandCalls(GetExecutionHistoryCommand).map(({ args }) => args[0].input);
    expect(calls.map(({ nextToken }) => nextToken)).toEqual([undefined, 'page-2', 'page-3']);
    for (const call of calls) {
      expect(call).toMatchObject({ executionArn: execution, includeExecutionData: false });
    }
  });

  test.each([
    ['RUNNING', 'RUNNING'],
    ['PENDING_REDRIVE', 'RUNNING'],
    ['SUCCEEDED', 'SUCCEEDED'],
    ['FAILED', 'FAILED'],
    ['ABORTED', 'FAILED'],
    ['TIMED_OUT', 'TIMED_OUT'],
  ] as const)('shows %s as %s', async (status, shown) => {
    sfn.on(DescribeExecutionCommand).resolves({ status });
    sfn.on(GetExecutionHistoryCommand).resolves({ events: [] });
    expect(await runs.describe('order-1')).toEqual({ status: shown, states: [] });
  });

  test('that was never started, or is forgotten by now, is nothing', async () => {
    sfn.on(DescribeExecutionCommand).rejectsOnce(new ExecutionDoesNotExist(parts));
    expect(await runs.describe('order-1')).toBeUndefined();
    sfn.on(DescribeExecutionCommand).resolves({ status: 'SUCCEEDED' });
    sfn.on(GetExecutionHistoryCommand).rejects(new ExecutionDoesNotExist(parts));
    expect(await runs.describe('order-1')).toBeUndefined();
  });

  test('may be tried again when Step Functions is busy', async () => {
    sfn.on(DescribeExecutionCommand).rejects(throttle);
    await expect(runs.describe('order-1')).rejects.toThrow(TransientError);
  });
});

describe('letting a waiting checkout go on', () => {
  test('answers its token', async () => {
    sfn.on(SendTaskSuccessCommand).resolves({});
    expect(await runs.resume('token-1', { decision: 'approved' })).toBe(true);
    expect(sfn.commandCalls(SendTaskSuccessCommand)[0]?.args[0].input).toEqual({
      taskToken: 'token-1',
      output: '{"decision":"approved"}',
    });
  });

  test.each([new TaskTimedOut(parts), new TaskDoesNotExist(parts), new InvalidToken(parts)])(
    'that waits no more ($name) says so',
    async (fault) => {
      sfn.on(SendTaskSuccessCommand).rejects(fault);
      expect(await runs.resume('token-1', {})).toBe(false);
    },
  );

  test('may be tried again when Step Functions is busy', async () => {
    sfn.on(SendTaskSuccessCommand).rejects(throttle);
    await expect(runs.resume('token-1', {})).rejects.toThrow(TransientError);
  });
});
