import { DescribeExecutionCommand, ExecutionDoesNotExist, type SFNClient } from '@aws-sdk/client-sfn';
import type { CheckoutProgress } from '../../identity/personal-data.ts';
import { awsCall } from '../aws-faults.ts';

/** Asks Step Functions how far the execution that is named after an order has come. */
export function createCheckoutProgress(client: SFNClient, stateMachineArn: string): CheckoutProgress {
  const executions = stateMachineArn.replace(':stateMachine:', ':execution:');
  return {
    async stateOf(orderId) {
      const command = new DescribeExecutionCommand({ executionArn: `${executions}:${orderId}` });
      try {
        const { status } = await awsCall('Step Functions', () => client.send(command));
        return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return 'none';
        throw error;
      }
    },
  };
}
