import type { Order } from '../../shared/orders/order.ts';
import type { PaymentRecord } from '../../shared/payments/payment-record.ts';
import type { World } from './world.ts';

type Item = Readonly<Record<string, unknown>>;

/** The tables as they stand, read beside the world's ports: looking costs no time and changes nothing. */
export function rows({ cloud, stage }: Pick<World, 'cloud' | 'stage'>, variable: string): readonly Item[] {
  return cloud.dynamo.items(stage.table(variable)) as readonly Item[];
}

export function orderRow({ cloud, stage }: World, orderId: string): Order | undefined {
  const key = { pk: `ORDER#${orderId}`, sk: 'ORDER' };
  return cloud.dynamo.peek(stage.table('ORDERS_TABLE'), key) as Order | undefined;
}

export function paymentRow(
  { cloud, stage }: World,
  orderId: string,
): (Omit<PaymentRecord, 'status'> & { state?: PaymentRecord['status'] }) | undefined {
  const key = { pk: `ORDER#${orderId}`, sk: 'PAYMENT' };
  return cloud.dynamo.peek(stage.table('ORDERS_TABLE'), key) as never;
}

export function orders(world: World): Order[] {
  return rows(world, 'ORDERS_TABLE').filter(({ sk }) => sk === 'ORDER') as unknown as Order[];
}
