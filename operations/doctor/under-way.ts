import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import type { CheckoutHealth } from '../../shared/orders/checkout-watch.ts';
import type { Examination } from './doctor.ts';

/**
 * How an order's checkout has ended; undefined while a checkout or a reversal of the order runs. The checkout is asked
 * for first, since a reversal follows a checkout and never the other way round; and of most orders that wait it is all
 * that has to be asked. Two calls of Step Functions at least when none runs: ask only about what already looks wrong.
 */
export async function restingHealth(
  orderId: string,
  examination: Examination,
): Promise<Exclude<CheckoutHealth, 'running'> | undefined> {
  const health = await examination.reconcile.watch.healthOf(orderId);
  if (health === 'running') return undefined;
  return (await isBeingReversed(orderId, examination)) ? undefined : health;
}

async function isBeingReversed(orderId: string, { target }: Examination): Promise<boolean> {
  const stateMachineArn = target.output('ReversalStateMachineArn');
  let nextToken: string | undefined;
  do {
    const page = await target.workflows.send(
      new ListExecutionsCommand({
        stateMachineArn,
        statusFilter: 'RUNNING',
        maxResults: 1000,
        ...(nextToken ? { nextToken } : {}),
      }),
    );
    // The name is the order's id and the kind of the reversal.
    if (page.executions?.some(({ name = '' }) => name.startsWith(`${orderId}-`))) return true;
    nextToken = page.nextToken;
  } while (nextToken);
  return false;
}
