import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  InvalidToken,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { traceHeader } from '../../observability/trace-header.ts';
import type { CheckoutRuns } from '../../orders/checkout-runs.ts';
import type { CheckoutRunView } from '../../orders/order-schemas.ts';
import { awsCall } from '../aws-faults.ts';
import { toStates } from './execution-history.ts';

const eventsPerCall = 1000;

/** Checkouts as executions of the state machine, named by their orders: one order cannot be run twice. */
export function createCheckoutRuns(client: SFNClient, stateMachineArn: string): CheckoutRuns {
  const arnOf = (orderId: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${orderId}`;
  return {
    async start({ orderId, userId, productIds, fillFromProfile, requestId }) {
      const input = JSON.stringify({ orderId, userId, productIds, fillFromProfile, requestId });
      const start = { stateMachineArn, name: orderId, input, ...traced() };
      try {
        await awsCall('Step Functions', () => client.send(new StartExecutionCommand(start)));
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
    async describe(orderId) {
      const executionArn = arnOf(orderId);
      try {
        const { status } = await awsCall('Step Functions', () =>
          client.send(new DescribeExecutionCommand({ executionArn })),
        );
        return { status: statusOf(status), states: toStates(await history(client, executionArn)) };
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return undefined;
        throw error;
      }
    },
    ...createTaskAnswers(client),
  };
}

/** The execution goes on with the trace of the request that started it. */
export function traced(): { traceHeader?: string } {
  const header = traceHeader();
  return header === undefined ? {} : { traceHeader: header };
}

/** Answers to waiting tasks, for the Lambdas that know a token but need not know the state machine. */
export function createTaskAnswers(client: SFNClient): Pick<CheckoutRuns, 'resume'> {
  return {
    async resume(taskToken, result) {
      try {
        const output = JSON.stringify(result);
        await awsCall('Step Functions', () => client.send(new SendTaskSuccessCommand({ taskToken, output })));
        return true;
      } catch (error) {
        const isOver =
          error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken;
        if (isOver) return false;
        throw error;
      }
    },
  };
}

async function history(client: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await awsCall('Step Functions', () =>
      client.send(
        new GetExecutionHistoryCommand({
          executionArn,
          maxResults: eventsPerCall,
          includeExecutionData: false,
          ...(nextToken ? { nextToken } : {}),
        }),
      ),
    );
    events.push(...(answer.events ?? []));
    nextToken = answer.nextToken;
  } while (nextToken);
  return events;
}

function statusOf(status: string | undefined): CheckoutRunView['status'] {
  switch (status) {
    case 'SUCCEEDED':
    case 'TIMED_OUT':
      return status;
    case 'FAILED':
    case 'ABORTED':
      return 'FAILED';
    default:
      return 'RUNNING';
  }
}
