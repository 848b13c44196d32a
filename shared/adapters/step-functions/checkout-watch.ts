import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  type ExecutionListItem,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { CheckoutHealth, CheckoutWatch } from '../../orders/checkout-watch.ts';
import { awsCall } from '../aws-faults.ts';

const deadStatuses = ['FAILED', 'ABORTED', 'TIMED_OUT'] as const;
const executionsPerCall = 200;
const maximumCalls = 5;

/** Dead executions are few, since each is an alarm; listing them costs the same however many are running. */
export function createCheckoutWatch(client: SFNClient, stateMachineArn: string): CheckoutWatch {
  const arnOf = (orderId: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${orderId}`;
  const listed = async (statusFilter: (typeof deadStatuses)[number]): Promise<ExecutionListItem[]> => {
    const found: ExecutionListItem[] = [];
    let nextToken: string | undefined;
    for (let call = 0; call < maximumCalls; call += 1) {
      const page = { maxResults: executionsPerCall, ...(nextToken ? { nextToken } : {}) };
      const answer = await awsCall('Step Functions', () =>
        client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter, ...page })),
      );
      found.push(...(answer.executions ?? []));
      nextToken = answer.nextToken;
      if (!nextToken) break;
    }
    return found;
  };
  return {
    async healthOf(orderId) {
      try {
        const { status } = await awsCall('Step Functions', () =>
          client.send(new DescribeExecutionCommand({ executionArn: arnOf(orderId) })),
        );
        return health(status);
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return 'missing';
        throw error;
      }
    },
    async diedSince(since) {
      const executions = (await Promise.all(deadStatuses.map(listed))).flat();
      return executions.flatMap(({ name, stopDate }) =>
        name && stopDate && stopDate >= since ? [name] : [],
      );
    },
  };
}

function health(status: string | undefined): CheckoutHealth {
  switch (status) {
    case 'SUCCEEDED':
      return 'succeeded';
    case 'FAILED':
    case 'ABORTED':
    case 'TIMED_OUT':
      return 'dead';
    default:
      return 'running';
  }
}
