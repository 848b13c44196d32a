import { z } from 'zod';
import type { StepFunctionsEngine } from '../step-functions/engine.ts';
import { type ExecutionRecord, isRedrivable } from '../step-functions/execution-record.ts';
import { AwsError } from './aws-error.ts';
import { type JsonOperations, operation } from './json-services.ts';

const seconds = (date: Date): number => date.getTime() / 1000;
const paging = { nextToken: z.string().optional(), maxResults: z.number().int().min(0).max(1000).default(0) };
const execution = z.object({ executionArn: z.string() });

/** Step Functions' operations, keyed by their X-Amz-Target. */
export function stepFunctionsOperations(engine: StepFunctionsEngine): JsonOperations {
  const operations: JsonOperations = {
    StartExecution: operation(
      z.object({
        stateMachineArn: z.string(),
        name: z.string().optional(),
        input: z.string().default('{}'),
      }),
      async (request) => {
        const record = await engine.start(request);
        return { executionArn: record.arn, startDate: seconds(record.startedAt) };
      },
    ),
    DescribeExecution: operation(execution, ({ executionArn }) => {
      const record = engine.find(executionArn);
      return {
        ...summary(record),
        input: record.input,
        inputDetails: { included: true },
        ...(record.output === undefined ? {} : { output: record.output, outputDetails: { included: true } }),
        ...(record.error === undefined ? {} : { error: record.error }),
        ...(record.cause === undefined ? {} : { cause: record.cause }),
      };
    }),
    GetExecutionHistory: operation(
      z.object({
        executionArn: z.string(),
        reverseOrder: z.boolean().default(false),
        includeExecutionData: z.boolean().default(true),
        ...paging,
      }),
      ({ executionArn, reverseOrder, includeExecutionData, ...page }) => {
        const { events } = engine.find(executionArn);
        const ordered = reverseOrder ? events.toReversed() : events;
        const { items, nextToken } = cut(ordered, page);
        return { events: includeExecutionData ? items : items.map(withoutData), ...nextToken };
      },
    ),
    ListExecutions: operation(
      z.object({ stateMachineArn: z.string(), statusFilter: z.string().optional(), ...paging }),
      ({ stateMachineArn, statusFilter, ...page }) => {
        if (!engine.machines.some(({ arn }) => arn === stateMachineArn))
          throw new AwsError(
            'StateMachineDoesNotExist',
            `State Machine Does Not Exist: '${stateMachineArn}'`,
          );
        const matching = engine.executions.filter(
          (record) =>
            record.stateMachineArn === stateMachineArn &&
            (statusFilter === undefined || record.status === statusFilter),
        );
        const { items, nextToken } = cut(matching.toReversed(), page);
        return { executions: items.map(summary), ...nextToken };
      },
    ),
    RedriveExecution: operation(execution, async ({ executionArn }) => ({
      redriveDate: seconds(await engine.redrive(executionArn)),
    })),
    StopExecution: operation(
      execution.extend({ error: z.string().optional(), cause: z.string().optional() }),
      ({ executionArn, error, cause }) => ({
        stopDate: seconds(engine.abort(executionArn, error, cause).stoppedAt ?? new Date()),
      }),
    ),
    SendTaskSuccess: operation(z.object({ taskToken: z.string(), output: z.string() }), (input) => {
      engine.tokens.settle(input.taskToken, { ok: true, output: parseOutput(input.output) });
      return {};
    }),
    SendTaskFailure: operation(
      z.object({
        taskToken: z.string(),
        error: z.string().default('States.TaskFailed'),
        cause: z.string().default(''),
      }),
      ({ taskToken, error, cause }) => {
        engine.tokens.settle(taskToken, { ok: false, error, cause });
        return {};
      },
    ),
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, run]) => [`AWSStepFunctions.${name}`, run]),
  );
}

function summary(record: ExecutionRecord): object {
  return {
    executionArn: record.arn,
    stateMachineArn: record.stateMachineArn,
    name: record.name,
    status: record.status,
    startDate: seconds(record.startedAt),
    ...(record.stoppedAt ? { stopDate: seconds(record.stoppedAt) } : {}),
    redriveCount: record.redrives ?? 0,
    redriveStatus: isRedrivable(record) ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
  };
}

interface Page {
  readonly maxResults: number;
  readonly nextToken?: string | undefined;
}

/** 0 results asks for AWS's default of 100. */
function cut<T>(list: readonly T[], { maxResults, nextToken }: Page): { items: T[]; nextToken: object } {
  const from = nextToken === undefined ? 0 : Number(nextToken);
  if (!Number.isInteger(from)) throw new AwsError('InvalidToken', 'Invalid Token');
  const to = from + (maxResults || 100);
  return { items: list.slice(from, to), nextToken: to < list.length ? { nextToken: String(to) } : {} };
}

function parseOutput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('InvalidOutput', 'Invalid Output: the output is not JSON');
  }
}

/** The payloads of an event are its `input`, `output` and `parameters`. */
function withoutData(event: object): object {
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => {
      if (!key.endsWith('EventDetails') || typeof value !== 'object' || value === null) return [key, value];
      const { input: _input, output: _output, parameters: _parameters, ...rest } = { ...value };
      return [key, rest];
    }),
  );
}
