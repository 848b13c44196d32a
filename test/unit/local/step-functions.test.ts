import { describe, expect, it } from 'vitest';
import type { InvocationResult } from '../../../local/lambda/protocol.ts';
import { stateVisits } from '../../../local/pages/console-data.ts';
import { StepFunctionsEngine } from '../../../local/step-functions/engine.ts';
import type { ExecutionRecord } from '../../../local/step-functions/execution-record.ts';

type Event = { task: string; token?: string; [field: string]: unknown };
const arn = 'arn:aws:states:us-east-1:000000000000:stateMachine:test';
const ok = (payload: unknown): InvocationResult => ({ ok: true, payload });
const fault = (errorType: string): InvocationResult => ({
  ok: false,
  error: { errorType, errorMessage: 'boom' },
});

/** A Task state that calls the function with its own name as the task. */
function task(name: string, more: object = {}) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: 'fn', Payload: { task: name } },
    ResultSelector: { 'answer.$': '$.Payload' },
    End: true,
    ...more,
  };
}

function waitingTask(name: string, more: object = {}) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Parameters: { FunctionName: 'fn', Payload: { task: name, 'token.$': '$$.Task.Token' } },
    End: true,
    ...more,
  };
}

function engineFor(
  states: Record<string, object>,
  invoke: (event: Event) => InvocationResult | Promise<InvocationResult>,
  stateTimeoutSeconds: Record<string, number> = {},
) {
  const [StartAt] = Object.keys(states);
  const sent: string[] = [];
  const engine = new StepFunctionsEngine(
    [{ name: 'test', arn, definition: JSON.stringify({ StartAt, States: states }) }],
    { retryIntervalScale: 0.001, stateTimeoutSeconds },
    {
      invoke: async (_, event) => invoke(event as Event),
      sendToQueue: (_, body) => {
        sent.push(body);
        return { MessageId: 'm', MD5OfMessageBody: 'd' };
      },
    },
  );
  return { engine, sent };
}

async function ended(record: ExecutionRecord): Promise<ExecutionRecord> {
  while (record.status === 'RUNNING') await new Promise((resolve) => setTimeout(resolve, 2));
  return record;
}

const types = (record: ExecutionRecord) => record.events.map(({ type }) => type);

describe('an execution', () => {
  it('hands the Lambda its payload and writes AWS events in their order', async () => {
    const { engine } = engineFor({ One: task('one') }, (event) => ok({ did: event.task }));
    const record = await ended(await engine.start({ stateMachineArn: arn, name: 'a', input: '{"x":1}' }));
    expect(record).toMatchObject({ status: 'SUCCEEDED', output: '{"answer":{"did":"one"}}', transitions: 1 });
    expect(types(record)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(record.events.map(({ previousEventId }) => previousEventId)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('retries by error name, shows each attempt, and catches with the cause', async () => {
    const flaky = task('flaky', {
      Retry: [{ ErrorEquals: ['TransientError'], IntervalSeconds: 1, MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Caught' }],
    });
    const { engine } = engineFor(
      { Flaky: flaky, Caught: { Type: 'Fail', Error: 'Broken', Cause: 'as told' } },
      () => fault('TransientError'),
    );
    const record = await ended(await engine.start({ stateMachineArn: arn, input: '{}' }));
    expect(record).toMatchObject({ status: 'FAILED', error: 'Broken', cause: 'as told' });
    expect(types(record).filter((type) => type === 'TaskScheduled')).toHaveLength(3);
    expect(types(record).filter((type) => type === 'TaskFailed')).toHaveLength(3);
    expect(stateVisits(record)).toMatchObject([
      { name: 'Flaky', attempts: 3, outcome: 'caught', error: 'TransientError' },
      { name: 'Caught', outcome: 'failed' },
    ]);
    const caught = record.events.find(({ type }) => type === 'FailStateEntered');
    expect(JSON.stringify(caught)).toContain('errorMessage');
  });

  it('writes every event of a Parallel that ends the execution, each in its branch', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: task(name) } });
    const { engine } = engineFor(
      { Both: { Type: 'Parallel', Branches: [branch('Left'), branch('Right')], End: true } },
      async (event) => {
        await new Promise((resolve) => setTimeout(resolve, event.task === 'Left' ? 5 : 1));
        return ok(event.task);
      },
    );
    const record = await ended(await engine.start({ stateMachineArn: arn, input: '{}' }));
    expect(types(record).at(-1)).toBe('ExecutionSucceeded');
    expect(types(record).slice(-3, -1)).toEqual(['ParallelStateSucceeded', 'ParallelStateExited']);
    expect(stateVisits(record)).toMatchObject([
      { name: 'Both', outcome: 'succeeded' },
      { name: 'Left', outcome: 'succeeded', attempts: 1 },
      { name: 'Right', outcome: 'succeeded', attempts: 1 },
    ]);
    const started = record.events.find(({ type }) => type === 'ParallelStateStarted');
    const inBranch = record.events.filter(({ type }) => type === 'TaskStateEntered');
    expect(inBranch.map(({ previousEventId }) => previousEventId)).toEqual([started?.id, started?.id]);
  });

  it('gives two waiting branches a token each', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: waitingTask(name) } });
    const tokens = new Map<string, string>();
    const { engine } = engineFor(
      { Both: { Type: 'Parallel', Branches: [branch('Left'), branch('Right')], End: true } },
      (event) => {
        tokens.set(event.task, event.token ?? '');
        return ok(null);
      },
    );
    const record = await engine.start({ stateMachineArn: arn, input: '{}' });
    while (tokens.size < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(tokens.get('Left')).not.toBe(tokens.get('Right'));
    engine.tokens.settle(tokens.get('Right') ?? '', { ok: true, output: 'right' });
    engine.tokens.settle(tokens.get('Left') ?? '', { ok: true, output: 'left' });
    expect((await ended(record)).output).toBe('["left","right"]');
  });

  it('takes a token once, and not after the task has timed out', async () => {
    let token = '';
    const { engine } = engineFor(
      {
        Wait: waitingTask('wait', {
          Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.error', Next: 'Late' }],
        }),
        Late: { Type: 'Succeed' },
      },
      (event) => {
        token = event.token ?? '';
        return ok(null);
      },
      { Wait: 0.05 },
    );
    const record = await ended(await engine.start({ stateMachineArn: arn, input: '{}' }));
    expect(types(record)).toContain('TaskTimedOut');
    expect(record.status).toBe('SUCCEEDED');
    expect(() => engine.tokens.settle(token, { ok: true, output: 1 })).toThrow('does not exist anymore');
    expect(() => engine.tokens.settle('rubbish', { ok: true, output: 1 })).toThrow('Invalid Token');
  });

  it('fails a waiting task whose function fails', async () => {
    const { engine } = engineFor({ Wait: waitingTask('wait') }, () => fault('FinalError'));
    const record = await ended(await engine.start({ stateMachineArn: arn, input: '{}' }));
    expect(record).toMatchObject({ status: 'FAILED', error: 'FinalError' });
  });

  it('knows its own name, id and input in every branch', async () => {
    const look = task('look', {
      Parameters: {
        FunctionName: 'fn',
        Payload: {
          'name.$': '$$.Execution.Name',
          'id.$': '$$.Execution.Id',
          'input.$': '$$.Execution.Input.x',
        },
      },
    });
    const { engine } = engineFor(
      {
        Shape: { Type: 'Pass', Result: { other: true }, Next: 'Both' },
        Both: { Type: 'Parallel', Branches: [{ StartAt: 'Look', States: { Look: look } }], End: true },
      },
      (event) => ok(event),
    );
    const record = await ended(
      await engine.start({ stateMachineArn: arn, name: 'order-1', input: '{"x":7}' }),
    );
    expect(JSON.parse(record.output ?? '')).toEqual([
      {
        answer: {
          name: 'order-1',
          id: arn.replace('stateMachine', 'execution').concat(':order-1'),
          input: 7,
        },
      },
    ]);
  });

  it('puts what a Catch gives up on into a queue', async () => {
    const { engine, sent } = engineFor(
      {
        Send: {
          Type: 'Task',
          Resource: 'arn:aws:states:::sqs:sendMessage',
          Parameters: { QueueUrl: 'http://aws/0/dlq', 'MessageBody.$': '$' },
          End: true,
        },
      },
      () => ok(null),
    );
    await ended(await engine.start({ stateMachineArn: arn, input: '{"lost":1}' }));
    expect(sent).toEqual(['{"lost":1}']);
  });

  it('is aborted by StopExecution and leaves no later event', async () => {
    const { engine } = engineFor({ Wait: waitingTask('wait', { TimeoutSeconds: 60 }) }, () => ok(null));
    const record = await engine.start({ stateMachineArn: arn, input: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    engine.abort(record.arn, 'Enough');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(record.status).toBe('ABORTED');
    expect(types(record).at(-1)).toBe('ExecutionAborted');
  });
});

describe('starting by name', () => {
  it('answers the running execution for the same input, and refuses another input or a closed one', async () => {
    const { engine } = engineFor({ Wait: waitingTask('wait') }, () => ok(null));
    const first = await engine.start({ stateMachineArn: arn, name: 'n', input: '{}' });
    expect(await engine.start({ stateMachineArn: arn, name: 'n', input: '{}' })).toBe(first);
    await expect(engine.start({ stateMachineArn: arn, name: 'n', input: '{"y":1}' })).rejects.toMatchObject({
      code: 'ExecutionAlreadyExists',
    });
    engine.abort(first.arn);
    await expect(engine.start({ stateMachineArn: arn, name: 'n', input: '{}' })).rejects.toMatchObject({
      code: 'ExecutionAlreadyExists',
    });
  });

  it('refuses an unknown machine, a bad name and input that is not JSON', async () => {
    const { engine } = engineFor({ One: task('one') }, () => ok(null));
    const start = (given: object) => engine.start({ stateMachineArn: arn, input: '{}', ...given });
    await expect(start({ stateMachineArn: 'x' })).rejects.toMatchObject({ code: 'StateMachineDoesNotExist' });
    await expect(start({ name: 'a b' })).rejects.toMatchObject({ code: 'InvalidName' });
    await expect(start({ input: '{' })).rejects.toMatchObject({ code: 'InvalidExecutionInput' });
  });

  it('runs what an earlier process left running again from its start', async () => {
    const { engine } = engineFor({ One: task('one') }, () => ok(1));
    const left: ExecutionRecord = {
      arn: 'x',
      stateMachineArn: arn,
      name: 'x',
      input: '{}',
      startedAt: new Date(),
      status: 'RUNNING',
      events: [],
      transitions: 0,
    };
    await engine.restore([left]);
    expect((await ended(left)).status).toBe('SUCCEEDED');
  });
});
