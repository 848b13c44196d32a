import {
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { attemptAt, type Reversal } from '../../shared/orders/reversal-runs.ts';

/** Something that happened in an execution. */
export interface ExecutionEvent {
  readonly at: string;
  readonly state: string;
  readonly what: string;
}

export interface ExplainedExecution {
  readonly name: string;
  readonly events: readonly ExecutionEvent[];
}

/** States that take back what was done. */
const compensations = new Set(['UndoPayment', 'ReleaseInventory', 'FailOrder', 'CloseRefund']);
const pagesOfReversals = 10;
const hourMilliseconds = 3600 * 1000;

/** The history of one execution, step by step; undefined when there is none, or it is older than 90 days. */
export async function explainExecution(
  client: SFNClient,
  executionArn: string,
): Promise<ExplainedExecution | undefined> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const page = await client.send(
        new GetExecutionHistoryCommand({
          executionArn,
          maxResults: 1000,
          // Inputs and outputs tell nothing that the steps and the order do not.
          includeExecutionData: false,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
  return { name: executionArn.slice(executionArn.lastIndexOf(':') + 1), events: stepsOf(events) };
}

/**
 * The reversals of an order: their names begin with its id. Beyond the newest ten thousand they cannot be listed; they
 * are asked for by the names that they may have.
 * @param moments ISO 8601, at which something happened to the order: an attempt is named after its hour
 * @returns ARNs, of which some may not exist
 */
export async function reversalsOf(
  client: SFNClient,
  stateMachineArn: string,
  orderId: string,
  moments: readonly string[],
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesOfReversals; page += 1) {
    const answer = await client.send(
      new ListExecutionsCommand({ stateMachineArn, maxResults: 1000, ...(nextToken ? { nextToken } : {}) }),
    );
    for (const { name = '', executionArn = '' } of answer.executions ?? []) {
      if (name.startsWith(`${orderId}-`)) arns.push(executionArn);
    }
    nextToken = answer.nextToken;
    if (!nextToken) return arns.reverse();
  }
  const executions = stateMachineArn.replace(':stateMachine:', ':execution:');
  const guessed = reversalNames(orderId, moments).map((name) => `${executions}:${name}`);
  return [...new Set([...guessed, ...arns.reverse()])];
}

/** What the API, the reconciler and the doctor may have called them: a reversal ends within the hour of its start. */
function reversalNames(orderId: string, moments: readonly string[]): string[] {
  const hours = new Set(
    moments.flatMap((at) => {
      const time = Date.parse(at);
      return [attemptAt(new Date(time - hourMilliseconds)), attemptAt(new Date(time))];
    }),
  );
  const kinds: readonly Reversal['kind'][] = ['cancel', 'refund', 'repair'];
  return kinds.flatMap((kind) => {
    const name = `${orderId}-${kind}`;
    return [name, ...[...hours].sort().map((hour) => `${name}-${hour}`)];
  });
}

/** Follows each event back to the state that it belongs to, since the branches of a Parallel interleave. */
function stepsOf(events: readonly HistoryEvent[]): ExecutionEvent[] {
  const owners = new Map<number, string>();
  const attempts = new Map<string, number>();
  return events.flatMap((event) => {
    const { id = 0, previousEventId = 0, type = '' } = event;
    const entered = event.stateEnteredEventDetails?.name;
    const exited = event.stateExitedEventDetails?.name;
    const isWhole = type.startsWith('Execution');
    const state = isWhole ? '' : (entered ?? exited ?? owners.get(previousEventId) ?? '');
    owners.set(id, state);
    if (entered !== undefined) attempts.set(entered, 0);
    const what = told(event, type, state, attempts);
    const at = (event.timestamp ?? new Date(0)).toISOString();
    return what === undefined ? [] : [{ at, state, what }];
  });
}

function told(
  event: HistoryEvent,
  type: string,
  state: string,
  attempts: Map<string, number>,
): string | undefined {
  const failure =
    event.taskFailedEventDetails ??
    event.lambdaFunctionFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.lambdaFunctionTimedOutEventDetails ??
    event.executionFailedEventDetails ??
    event.executionAbortedEventDetails ??
    event.executionTimedOutEventDetails;
  const error = failure?.error ?? 'unknown';
  if (type.endsWith('StateEntered')) return compensations.has(state) ? 'compensates' : 'begins';
  if (type === 'TaskScheduled' || type === 'LambdaFunctionScheduled') {
    const attempt = (attempts.get(state) ?? 0) + 1;
    attempts.set(state, attempt);
    return attempt > 1 ? `retry ${attempt - 1}` : undefined;
  }
  if (/^(Task|LambdaFunction)Failed$/.test(type)) return `fails: ${error}`;
  if (/^(Task|LambdaFunction)TimedOut$/.test(type)) return 'times out';
  if (type.endsWith('StateExited')) return 'ends';
  switch (type) {
    case 'ExecutionStarted':
      return 'execution starts';
    case 'ExecutionSucceeded':
      return 'execution succeeds';
    case 'ExecutionFailed':
    case 'ExecutionAborted':
    case 'ExecutionTimedOut':
      return `execution ${type.slice('Execution'.length).toLowerCase()}: ${error}`;
    case 'ExecutionRedriven':
      return 'execution redriven';
    default:
      return undefined;
  }
}
