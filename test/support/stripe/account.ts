import type Stripe from 'stripe';

/** What a kept idempotency key answers, and to which request. */
export interface KeptAnswer {
  readonly request: string;
  readonly createdAt: number;
  readonly answer: StripeResponse;
}

export interface StripeRequest {
  readonly method: string;
  /** With the query, e.g. `/v1/payment_intents/pi_1?expand[0]=latest_charge`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface StripeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Everything the double remembers: plain data, so that a test can copy and restore it. */
export interface StripeAccount {
  sequence: number;
  intents: Record<string, Stripe.PaymentIntent>;
  charges: Record<string, Stripe.Charge>;
  refunds: Record<string, Stripe.Refund>;
  disputes: Record<string, DisputeFacts>;
  customers: Record<string, CustomerFacts>;
  /** The customer that a payment method is kept with by its name; null once it has been used without one. */
  methods: Record<string, string | null>;
  events: StripeEvent[];
  keys: Record<string, KeptAnswer>;
}

export type DisputeFacts = Pick<
  Stripe.Dispute,
  'id' | 'object' | 'amount' | 'charge' | 'payment_intent' | 'status' | 'reason' | 'currency' | 'created'
>;

export type CustomerFacts = Pick<Stripe.Customer, 'id' | 'object' | 'created' | 'livemode' | 'metadata'>;

export type EventObject = Stripe.PaymentIntent | Stripe.Charge | Stripe.Refund | DisputeFacts;

/** An event as it is delivered; `data.object` is the object as it was then. */
export type StripeEvent = Pick<
  Stripe.EventBase,
  'id' | 'object' | 'api_version' | 'created' | 'livemode' | 'pending_webhooks' | 'request'
> & { type: Stripe.Event['type']; data: { object: EventObject } };

export function emptyAccount(): StripeAccount {
  return {
    sequence: 0,
    intents: {},
    charges: {},
    refunds: {},
    disputes: {},
    customers: {},
    methods: {},
    events: [],
    keys: {},
  };
}

/** The account with its clock: all that an operation works on. */
export interface Books {
  readonly account: StripeAccount;
  /** Part of every id, where several doubles feed one shop. */
  readonly tag: string;
  /** Milliseconds since 1970. */
  now(): number;
}

export const seconds = (books: Books): number => Math.floor(books.now() / 1000);

/** Ids count up, as tests have to be repeatable: `pi_000001`. */
export function nextId({ account, tag }: Books, prefix: string): string {
  account.sequence += 1;
  return `${prefix}_${tag}${String(account.sequence).padStart(6, '0')}`;
}

/** Notes an event about an object as it stands now. */
export function emit(books: Books, type: Stripe.Event['type'], object: EventObject): void {
  books.account.events.push({
    id: nextId(books, 'evt'),
    object: 'event',
    api_version: null,
    created: seconds(books),
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    data: { object: structuredClone(object) },
  });
}

type RefusalFields = Pick<
  Stripe.PaymentIntent.LastPaymentError,
  'message' | 'type' | 'code' | 'param' | 'decline_code' | 'charge' | 'payment_intent'
>;

/** A refusal in Stripe's shape; its idempotency key repeats it, as it repeats a success. */
export class StripeRefusal extends Error {
  readonly status: number;
  readonly error: Readonly<Record<string, unknown>>;

  constructor(status: number, error: RefusalFields) {
    super('the double refuses');
    this.status = status;
    this.error = { ...error };
  }
}
