import type { Order } from '../../shared/orders/order.ts';
import { orderRow } from './ledger.ts';
import { customer, staff } from './people.ts';
import type { Act } from './scenario.ts';
import type { World } from './world.ts';

const looks = 60;
const pause = 20_000;

/** Looks at the order now and then until the act can be done, and does it; gives up when it never can. */
export async function doAct(
  world: World,
  act: Act,
  orderId: string,
  userId: string,
  decided: Map<string, number>,
): Promise<void> {
  const { kernel } = world;
  await kernel.sleep(act.after);
  for (let look = 0; look < looks; look += 1) {
    const order = orderRow(world, orderId);
    if (!order || isBeyond(act.kind, order)) return;
    if (isRipe(act.kind, order)) {
      const answer = await actOn(world, act.kind, orderId, userId);
      const isDecision = act.kind === 'approve' || act.kind === 'reject';
      if (isDecision && answer && answer.status < 500) decided.set(orderId, kernel.clock.now);
      // Refused for the moment: shipping waits for the sale, a decision for its token.
      const isEarly = answer?.status === 409 && (act.kind === 'ship' || act.kind === 'approve');
      if (!isEarly) return;
    }
    await kernel.sleep(pause);
  }
}

function isRipe(kind: Act['kind'], { status }: Order): boolean {
  switch (kind) {
    case 'approve':
    case 'reject':
      return status === 'OnHold';
    case 'ship':
      return status === 'Paid';
    case 'deliver':
      return status === 'Shipped';
    case 'refund':
      return status === 'Shipped' || status === 'Delivered';
    case 'cancel':
    case 'stop':
      return true;
  }
}

/** The order has gone where the act can never be done. */
function isBeyond(kind: Act['kind'], { status }: Order): boolean {
  if (status === 'Failed' || status === 'Cancelled' || status === 'Refunded') return true;
  const isPaid = status === 'Paid' || status === 'Shipped' || status === 'Delivered';
  return (kind === 'approve' || kind === 'reject') && isPaid;
}

async function actOn(world: World, kind: Act['kind'], orderId: string, userId: string) {
  const { clients, workflows } = world;
  const params = { orderId };
  const change = (status: string) =>
    clients.request('order', {
      method: 'PATCH',
      resource: '/order/{orderId}',
      params,
      as: staff.admin,
      body: { status },
    });
  const post = (action: string, as: typeof staff.admin, body: object) =>
    clients.request('order', { method: 'POST', resource: `/order/{orderId}/${action}`, params, as, body });
  switch (kind) {
    case 'approve':
    case 'reject':
      return post(kind, staff.manager, { reason: 'looked at' });
    case 'cancel':
      return post('cancel', { ...customer(0, true), userId }, { reason: 'changed my mind' });
    case 'ship':
      return change('Shipped');
    case 'deliver':
      return change('Delivered');
    case 'refund':
      return change('Refunded');
    case 'stop':
      workflows.stop(orderId);
      return undefined;
  }
}
