import type * as z from 'zod';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { Order } from '../orders/order.ts';
import { freshOrderView } from '../orders/order-view.ts';
import { readUser } from './change-user.ts';
import type { exportAnswer } from './export-schemas.ts';
import { accessLevel } from './roles.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';

type Export = z.input<typeof exportAnswer>;
type Ports = Pick<UserPorts, 'store' | 'privacy' | 'audit' | 'effects'>;

/**
 * Everything held on a person, for the person. Audited, as it hands out all there is at once.
 * @throws Problem not_found
 */
export async function exportUser(userId: string, caller: Caller, ports: Ports): Promise<Export> {
  const { privacy, audit, effects } = ports;
  const user = await readUser(userId, caller, ports);
  await audit.append(userAuditEntry('user.exported', userId, caller, effects));
  const orders = await privacy.data.ordersOf(userId);
  const orderIds = orders.map(({ orderId }) => orderId);
  const [entries, waitingCheckouts, notifications] = await Promise.all([
    privacy.data.auditEntriesOf(userId, orderIds),
    privacy.data.waitingCheckoutsOf(userId),
    privacy.data.notificationsOf(orderIds),
  ]);
  return {
    exportedAt: effects.clock.now().toISOString(),
    user: { ...user, accessLevel: accessLevel(user.role) },
    orders: orders.map(exportedOrder),
    waitingCheckouts,
    auditEntries: entries.map((entry) => exportedEntry(entry, userId)),
    notifications: [...notifications],
    promotionUses: orders.flatMap(promotionUse),
    heldElsewhere,
  };
}

function exportedOrder(order: Order): Export['orders'][number] {
  const { paymentMethod, placedFrom, idempotencyKey, cancel, review } = order;
  return {
    ...freshOrderView(order),
    paymentMethod,
    placedFrom,
    idempotencyKey,
    // By whom is in the audit entries: of the staff, who it was is their own personal data.
    ...(cancel ? { cancel: { reason: cancel.reason, at: cancel.at } } : {}),
    ...(review ? { review: { decision: review.decision, reason: review.reason, at: review.at } } : {}),
  };
}

/** What the promotion's counters hold of the person: each is written, and given back, along with its order. */
function promotionUse({ orderId, promotion, createdAt }: Order): Export['promotionUses'] {
  return promotion && !promotion.released ? [{ code: promotion.code, orderId, usedAt: createdAt }] : [];
}

/** Whoever of the staff acted, and from where, is their own personal data. */
function exportedEntry(entry: AuditEntry, userId: string): Export['auditEntries'][number] {
  const { actor, where, after, ...rest } = entry;
  const isStaff = actor.id !== userId && actor.role !== 'System';
  return {
    ...rest,
    actor: isStaff ? { role: actor.role } : actor,
    ...(where && !isStaff ? { where } : {}),
    ...(after ? { after: withoutVerdict(after) } : {}),
  };
}

/** By what an order was suspected is not told to whoever placed it: it would teach how not to be. */
function withoutVerdict({
  fraudReasons: _verdict,
  ...after
}: NonNullable<AuditEntry['after']>): NonNullable<AuditEntry['after']> {
  return after;
}

const heldElsewhere: Export['heldElsewhere'] = [
  {
    holder: 'Auth0',
    what: 'E-mail address, a hash of the password, role, times and addresses of logins',
    kept: 'Until the account is erased; its logs as long as the tenant keeps logs',
  },
  {
    holder: 'Payment provider',
    what: 'Payment methods and payments, which we know by tokens and ids only',
    kept: 'As long as the law on payments asks for',
  },
  {
    holder: 'Analytics',
    what: 'Events of orders and of the user interface, under the user id alone',
    kept: 'They name no person once the account is erased',
  },
  {
    holder: 'Amazon SES and SNS',
    what: 'Mails and messages on their way, and where the apps of the person are reached',
    kept: 'Until they are delivered; an app until it is removed',
  },
  {
    holder: 'Records of delivery',
    what: 'Which messages and promotions were sent to the user id, and over which channel; no text and no address',
    kept: '30 days',
  },
  {
    holder: 'Backups',
    what: 'Copies of all of the above that we hold',
    kept: '35 days',
  },
];
