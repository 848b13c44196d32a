import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { exportAnswer } from '../../../shared/identity/export-schemas.ts';
import { exportUser } from '../../../shared/identity/export-user.ts';
import { termsOf } from '../../../shared/promotions/promotion.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aPromotion } from '../../support/builders/promotion.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { fakeUserPorts } from '../../support/identity-fakes.ts';

const ann = aUser({
  userId: 'ann',
  phone: '+14155550100',
  paymentMethods: [{ id: 'pm_1', token: 'tok_secret', brand: 'visa', last4: '4242', isDefault: true }],
});
const where = { ip: '203.0.113.9', region: 'US', device: 'browser' };
const entry = (id: string, actor: AuditEntry['actor']): AuditEntry => ({
  entryId: id,
  action: 'order.approved',
  entity: { type: 'order', id: 'o-1' },
  actor,
  at: '2026-01-02T00:00:00.000Z',
  where,
});

describe('the export', () => {
  it('holds the profile, orders, audit entries and notifications, and no provider token', async () => {
    const ports = fakeUserPorts(ann);
    ports.privacy.orders.set('o-1', anOrder({ orderId: 'o-1', userId: 'ann' }));
    ports.privacy.entries.push(entry('e-1', { id: 'ann', role: 'Customer' }));
    ports.privacy.notifications.push({ orderId: 'o-1', type: 'order_confirmation', state: 'done' });
    const answer = exportAnswer.parse(await exportUser('ann', aCaller(ann), ports));
    expect(answer).toMatchObject({
      user: { userId: 'ann', phone: '+14155550100', paymentMethods: [{ id: 'pm_1', last4: '4242' }] },
      orders: [{ orderId: 'o-1', placedFrom: { ip: expect.any(String) }, paymentMethod: { brand: 'visa' } }],
      auditEntries: [{ entryId: 'e-1', actor: { id: 'ann' }, where }],
      notifications: [{ type: 'order_confirmation' }],
    });
    const holders = answer.heldElsewhere.map(({ holder }) => holder);
    expect(holders).toEqual(expect.arrayContaining(['Auth0', 'Records of delivery']));
    expect(JSON.stringify(answer)).not.toMatch(/tok_secret|pm_card/);
  });

  it('holds the client’s key, what was written about an order, and uses of promo codes', async () => {
    const ports = fakeUserPorts(ann);
    const at = '2026-01-02T00:00:00.000Z';
    const promotion = termsOf(aPromotion({ code: 'SPRING' }));
    const order = anOrder({
      orderId: 'o-1',
      userId: 'ann',
      idempotencyKey: 'key-1',
      cancel: { by: 'ada', reason: 'moved', at },
      review: { decision: 'approved', reason: 'rang up', by: 'mia', at },
      promotion,
    });
    ports.privacy.orders.set('o-1', order);
    const released = anOrder({
      orderId: 'o-2',
      userId: 'ann',
      promotion: { ...promotion, released: true },
    });
    ports.privacy.orders.set('o-2', released);
    const { orders, promotionUses } = exportAnswer.parse(await exportUser('ann', aCaller(ann), ports));
    expect(orders[0]).toMatchObject({
      idempotencyKey: 'key-1',
      cancel: { reason: 'moved', at },
      review: { decision: 'approved', reason: 'rang up', at },
    });
    expect(JSON.stringify(orders)).not.toMatch(/ada|mia/);
    expect(promotionUses).toEqual([{ code: 'SPRING', orderId: 'o-1', usedAt: order.createdAt }]);
  });

  it('does not tell which member of staff acted, nor from where', async () => {
    const ports = fakeUserPorts(ann);
    ports.privacy.entries.push(
      entry('e-1', { id: 'mia', role: 'Manager' }),
      entry('e-2', { id: 'system', role: 'System' }),
    );
    const { auditEntries } = await exportUser('ann', aCaller(ann), ports);
    expect(auditEntries).toMatchObject([{ actor: { role: 'Manager' } }, { actor: { id: 'system' }, where }]);
    expect(JSON.stringify(auditEntries[0])).not.toMatch(/mia|203/);
  });

  it('does not tell by what an order was suspected', async () => {
    const ports = fakeUserPorts(ann);
    const fraudReasons = [{ code: 'provider_risk' as const, facts: { provider: 'sandbox' } }];
    const order = anOrder({ userId: 'ann', fraudReasons, fraudFacts: { paidOrders: 0, placedIn: 'NG' } });
    ports.privacy.orders.set(order.orderId, order);
    ports.privacy.entries.push({
      ...entry('e-1', { id: 'system', role: 'System' }),
      after: { status: 'OnHold', fraudReasons },
    });
    const exported = exportAnswer.parse(await exportUser('ann', aCaller(ann), ports));
    expect(exported.auditEntries).toMatchObject([{ after: { status: 'OnHold' } }]);
    expect(JSON.stringify(exported)).not.toMatch(/provider_risk|fraudFacts/);
  });

  it('is audited', async () => {
    const ports = fakeUserPorts(ann);
    await exportUser('ann', aCaller(ann), ports);
    expect(ports.audit.entries).toMatchObject([{ action: 'user.exported', entity: { id: 'ann' } }]);
  });

  it('answers 404 for who is not there', async () => {
    await expect(exportUser('nobody', aCaller(ann), fakeUserPorts(ann))).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
