import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Ending } from '../../orders/ending.ts';
import type { Reversal, ReversalRuns } from '../../orders/reversal-runs.ts';
import { awsCall } from '../aws-faults.ts';
import { traced } from './checkout-runs.ts';

const endings: Readonly<Record<Reversal['kind'], Ending['code']>> = {
  cancel: 'cancelled',
  refund: 'refunded',
  repair: 'internal',
};

/** Reversals as executions of their state machine, named so that one of an order and kind starts once. */
export function createReversalRuns(client: SFNClient, stateMachineArn: string): ReversalRuns {
  return {
    async start(reversal, attempt) {
      const name = [reversal.orderId, reversal.kind, ...(attempt ? [attempt] : [])].join('-');
      const failure: Ending = { code: endings[reversal.kind], system: false };
      const input = JSON.stringify({ ...reversal, failure });
      try {
        await awsCall('Step Functions', () =>
          client.send(new StartExecutionCommand({ stateMachineArn, name, input, ...traced() })),
        );
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
  };
}
