import { Problem } from '../api/problem.ts';
import type { User } from '../identity/user.ts';
import type { OrderBody, QuickBody } from './order-schemas.ts';
import type { OrderStore } from './order-store.ts';
import { type PlacedOrder, type Placement, type PlacePorts, placeRequested } from './place-order.ts';

export interface QuickPlacement extends Omit<Placement, 'body'> {
  readonly body: QuickBody;
}

/**
 * Places an order with what the profile has saved: the address that was chosen last, else the default one, and
 * the default payment method. Without an address the checkout waits for the profile as any other does.
 * @throws Problem not_found (the order to repeat) · payment_method_required · and as placeOrder
 */
export async function quickOrder(placement: QuickPlacement, ports: PlacePorts): Promise<PlacedOrder> {
  const { body, ...common } = placement;
  try {
    return await placeRequested(
      { ...common, request: body, toBody: () => completed(placement.user, body, ports.orders) },
      ports,
    );
  } catch (error) {
    throw body.reorderOf === undefined ? error : namingReorder(error);
  }
}

async function completed(user: User, quick: QuickBody, orders: Pick<OrderStore, 'find'>): Promise<OrderBody> {
  const past = quick.reorderOf === undefined ? undefined : await ownOrder(user, quick.reorderOf, orders);
  const label = user.addresses.find((address) => address.label === user.lastSelectedAddress)?.label;
  return {
    items: quick.items ?? (past?.items ?? []).map(({ productId, quantity }) => ({ productId, quantity })),
    paymentMethod: { id: savedMethod(user) },
    ...(label === undefined ? {} : { addressLabel: label }),
    ...(past ? { currency: past.currency } : {}),
  };
}

async function ownOrder(user: User, orderId: string, orders: Pick<OrderStore, 'find'>) {
  const order = await orders.find(orderId);
  if (order?.userId !== user.userId) throw new Problem('not_found', 'There is no such order.');
  return order;
}

/** The method that the customer made the default, else the one that they paid with last, else the only one. */
function savedMethod({ paymentMethods, preferredPaymentMethod, preferences }: User): string {
  const named = [preferences.paymentMethod, preferredPaymentMethod];
  const saved =
    paymentMethods.find((method) => method.isDefault) ??
    paymentMethods.find(({ id, token }) => named.includes(id) || named.includes(token)) ??
    paymentMethods[0];
  if (!saved) {
    throw new Problem('payment_method_required', 'The profile has no saved payment method.', {
      errors: [{ path: '/paymentMethod', message: 'is not saved in the profile' }],
    });
  }
  return saved.id;
}

/** The client sent no lines, so what is wrong with them is wrong with the order that they were taken from. */
function namingReorder(error: unknown): unknown {
  const { errors } = error instanceof Problem ? error.options : {};
  if (!(error instanceof Problem) || !errors?.some(({ path }) => path.startsWith('/items/'))) return error;
  const named = errors.map(({ message }) => ({
    path: '/reorderOf',
    message: `names a product that ${message}`,
  }));
  return new Problem(error.code, error.message, { ...error.options, errors: named });
}
