import { notificationEvents as events, type NotificationType } from '../notification.ts';
import {
  lowStock,
  orderApproved,
  orderCancelled,
  orderConfirmation,
  orderDelivered,
  orderFailed,
  orderOnHold,
  orderPartial,
  orderRefunded,
  orderShipped,
  paymentAlert,
} from './order-texts.ts';
import { type RenderTable, rendering } from './template.ts';
import { mfaCode, promotion } from './user-texts.ts';

/** What each event says, by role and channel. An event without a row does not compile, nor a row without a text. */
export const templates: Readonly<Record<NotificationType, RenderTable>> = {
  order_confirmation: rendering(events.order_confirmation.facts, orderConfirmation),
  order_partial: rendering(events.order_partial.facts, orderPartial),
  order_failed: rendering(events.order_failed.facts, orderFailed),
  order_cancelled: rendering(events.order_cancelled.facts, orderCancelled),
  order_refunded: rendering(events.order_refunded.facts, orderRefunded),
  order_on_hold: rendering(events.order_on_hold.facts, orderOnHold),
  order_approved: rendering(events.order_approved.facts, orderApproved),
  order_shipped: rendering(events.order_shipped.facts, orderShipped),
  order_delivered: rendering(events.order_delivered.facts, orderDelivered),
  payment_alert: rendering(events.payment_alert.facts, paymentAlert),
  low_stock: rendering(events.low_stock.facts, lowStock),
  mfa_code: rendering(events.mfa_code.facts, mfaCode),
  promotion: rendering(events.promotion.facts, promotion),
};
