import type Stripe from 'stripe';
import type { MethodBehaviour } from './methods.ts';

/** An intent as created: nothing has been asked of the card yet. */
export function newIntent(fields: {
  id: string;
  amount: number;
  currency: string;
  created: number;
  captureMethod: Stripe.PaymentIntent['capture_method'];
  customer: string | null;
  setupFutureUsage: Stripe.PaymentIntent['setup_future_usage'];
  methodTypes: string[];
  metadata: Stripe.Metadata;
}): Stripe.PaymentIntent {
  return {
    id: fields.id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: fields.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: fields.captureMethod,
    client_secret: `${fields.id}_secret`,
    confirmation_method: 'automatic',
    created: fields.created,
    currency: fields.currency,
    customer: fields.customer,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: fields.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: fields.methodTypes,
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: fields.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_group: null,
  } satisfies Stripe.PaymentIntent;
}

export function newCharge(
  intent: Stripe.PaymentIntent,
  behaviour: MethodBehaviour,
  fields: { id: string; created: number; paymentMethod: string },
): Stripe.Charge {
  const isPaid = behaviour.outcome === 'authorized';
  return {
    id: fields.id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'STOREFRONT',
    captured: false,
    created: fields.created,
    currency: intent.currency,
    customer: null,
    description: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: isPaid ? null : (behaviour.code ?? 'card_declined'),
    failure_message: isPaid ? null : 'Your card was declined.',
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: outcomeOf(behaviour),
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: fields.paymentMethod,
    payment_method_details: { type: 'card', card: cardOf(behaviour) },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: isPaid ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  } satisfies Stripe.Charge;
}

function cardOf({ brand, last4, country = 'US' }: MethodBehaviour): Stripe.Charge.PaymentMethodDetails.Card {
  return {
    amount_authorized: null,
    authorization_code: null,
    brand,
    checks: null,
    country,
    electronic_commerce_indicator: null,
    exp_month: 12,
    exp_year: 2034,
    funding: 'credit',
    installments: null,
    last4,
    mandate: null,
    network: brand,
    network_transaction_id: null,
    regulated_status: null,
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}

function outcomeOf({ outcome, riskLevel, declineCode }: MethodBehaviour): Stripe.Charge.Outcome {
  const base = { advice_code: null, network_advice_code: null, network_decline_code: null };
  const risk = riskLevel ?? 'normal';
  if (outcome === 'authorized') {
    const isReviewed = riskLevel !== undefined;
    return {
      ...base,
      network_status: 'approved_by_network',
      reason: isReviewed ? `${risk}_risk_level` : null,
      risk_level: risk,
      seller_message: isReviewed ? 'Stripe evaluated this payment as risky.' : 'Payment complete.',
      type: isReviewed ? 'manual_review' : 'authorized',
    };
  }
  const isBlocked = outcome === 'blocked';
  return {
    ...base,
    network_status: isBlocked ? 'not_sent_to_network' : 'declined_by_network',
    reason: isBlocked ? 'highest_risk_level' : (declineCode ?? 'generic_decline'),
    risk_level: risk,
    seller_message: isBlocked ? 'Stripe blocked this payment as too risky.' : 'The bank declined.',
    type: isBlocked ? 'blocked' : 'issuer_declined',
  };
}

export function newRefund(
  charge: Stripe.Charge,
  fields: {
    id: string;
    created: number;
    amount: number;
    status: string;
    reason: Stripe.Refund.Reason | null;
    metadata: Stripe.Metadata;
  },
): Stripe.Refund {
  return {
    object: 'refund',
    balance_transaction: null,
    charge: charge.id,
    currency: charge.currency,
    customer: null,
    customer_account: null,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    receipt_number: null,
    source_transfer_reversal: null,
    transfer_reversal: null,
    ...fields,
  } satisfies Stripe.Refund;
}
