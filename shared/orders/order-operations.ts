import { etag } from '../api/etag.ts';
import { readPage } from '../api/list.ts';
import type { ApiRequest, Operations } from '../api/route.ts';
import { type CancelPorts, cancelOrder } from './cancel-order.ts';
import { type ChangeStatusPorts, changeOrderStatus } from './change-order-status.ts';
import { type CheckPorts, checkOrder } from './check-order.ts';
import { deleteOrder } from './delete-order.ts';
import { type AuditListPorts, listAudit } from './list-audit.ts';
import type { orderRoutes } from './order-routes.ts';
import { type PlacedOrder, type PlacePorts, placeOrder } from './place-order.ts';
import { quickOrder } from './quick-order.ts';
import { findOrder, listOrders, type ReadPorts, showCheckout, showOrder } from './read-orders.ts';
import { type ReviewPorts, reviewOrder } from './review-order.ts';

type OrderPorts = CheckPorts &
  PlacePorts &
  ReadPorts &
  ReviewPorts &
  CancelPorts &
  ChangeStatusPorts &
  AuditListPorts;
type ReviewRequest =
  | ApiRequest<(typeof orderRoutes)['approveOrder']>
  | ApiRequest<(typeof orderRoutes)['rejectOrder']>;

/** The use cases of /order, tied to their routes. */
export function orderOperations(ports: OrderPorts): Operations<typeof orderRoutes> {
  const review = async (request: ReviewRequest, decision: 'approved' | 'rejected') => {
    const { params, body, principal, client, requestId } = request;
    const order = await reviewOrder(
      { orderId: params.orderId, reason: body.reason, decision, principal, client, requestId },
      ports,
    );
    return { body: await showOrder(order, principal, ports) };
  };
  return {
    async checkOrder({ principal, body }) {
      return { body: await checkOrder(principal.user, body, ports) };
    },
    async createOrder({ principal, body, idempotencyKey, client, requestId }) {
      const placement = { user: principal.user, body, key: idempotencyKey, client, requestId };
      return placedAnswer(await placeOrder(placement, ports));
    },
    async quickOrder({ principal, body, idempotencyKey, client, requestId }) {
      const placement = { user: principal.user, body, key: idempotencyKey, client, requestId };
      return placedAnswer(await quickOrder(placement, ports));
    },
    async listOrders({ principal, query }) {
      const filter = {
        status: query.status,
        userId: query.userId === 'me' ? principal.userId : query.userId,
        from: query.from === undefined ? undefined : new Date(query.from),
        to: query.to === undefined ? undefined : endOf(query.to),
      };
      return { body: await listOrders(principal, filter, readPage(query), ports) };
    },
    async getOrder({ principal, params }) {
      const order = await findOrder(principal, params.orderId, ports.orders);
      return {
        body: await showOrder(order, principal, ports),
        headers: { ETag: etag(order.version) },
      };
    },
    async getCheckout({ principal, params }) {
      return { body: await showCheckout(principal, params.orderId, ports) };
    },
    approveOrder: (request) => review(request, 'approved'),
    rejectOrder: (request) => review(request, 'rejected'),
    async cancelOrder({ params, body, principal, client, requestId }) {
      const order = await cancelOrder({ ...params, ...body, principal, client, requestId }, ports);
      return { body: await showOrder(order, principal, ports) };
    },
    async changeOrderStatus({ params, body, principal, client, requestId }) {
      const order = await changeOrderStatus({ ...params, ...body, principal, client, requestId }, ports);
      return { body: await showOrder(order, principal, ports) };
    },
    async deleteOrder({ params, principal, client, requestId }) {
      await deleteOrder({ ...params, principal, client, requestId }, ports);
      return { body: undefined };
    },
    async listOrderAudit({ params, query }) {
      return { body: await listAudit(params.orderId, readPage(query), ports) };
    },
  };
}

function placedAnswer({ order, replayed }: PlacedOrder) {
  const headers = {
    Location: `/order/${order.orderId}`,
    ...(replayed ? { 'Idempotency-Replayed': 'true' } : {}),
  };
  return { body: order, headers };
}

/** A day as an upper bound means its last millisecond. */
function endOf(to: string): Date {
  return new Date(to.includes('T') ? to : `${to}T23:59:59.999Z`);
}
