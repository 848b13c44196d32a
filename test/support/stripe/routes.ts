import type Stripe from 'stripe';
import { type Books, StripeRefusal } from './account.ts';
import { createCustomer, deleteCustomer } from './customers.ts';
import { type Form, textField } from './form.ts';
import { cancelIntent, captureIntent, confirmIntent, createIntent, findIntent } from './intents.ts';
import { createRefund } from './refunds.ts';

const reasons = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** The endpoints that a shop's payments need. Answers the object or list; throws StripeRefusal. */
export function routeRequest(
  books: Books,
  method: string,
  path: string,
  form: Form,
  expand: readonly string[],
): unknown {
  const show = (intent: Stripe.PaymentIntent) => expandIntent(books, intent, expand);
  const [, version, resource, id = '', action = ''] = path.split('/');
  const name = `${method} /${version}/${resource}${id === '' ? '' : id === 'search' ? '/search' : '/:id'}${action === '' ? '' : `/${action}`}`;
  switch (name) {
    case 'POST /v1/payment_intents':
      return show(createIntent(books, form));
    case 'GET /v1/payment_intents':
      return list(Object.values(books.account.intents).map(show), path);
    case 'GET /v1/payment_intents/search':
      return search(books, textField(form, 'query') ?? '', show);
    case 'GET /v1/payment_intents/:id':
      return show(findIntent(books, id));
    case 'POST /v1/payment_intents/:id/confirm':
      return show(confirmIntent(books, id, form));
    case 'POST /v1/payment_intents/:id/capture':
      return show(captureIntent(books, id));
    case 'POST /v1/payment_intents/:id/cancel': {
      const reason = reasons.find((known) => known === textField(form, 'cancellation_reason'));
      return show(cancelIntent(books, id, reason ?? null));
    }
    case 'POST /v1/customers':
      return createCustomer(books, form);
    case 'DELETE /v1/customers/:id':
      return deleteCustomer(books, id);
    case 'POST /v1/refunds':
      return createRefund(books, form);
    case 'GET /v1/refunds': {
      const intentId = textField(form, 'payment_intent');
      const refunds = Object.values(books.account.refunds);
      return list(
        refunds.filter((refund) => intentId === undefined || refund.payment_intent === intentId),
        path,
      );
    }
    default:
      throw new StripeRefusal(404, {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${method}: ${path}).`,
      });
  }
}

/** Understands `metadata['name']:'value'`. Stripe's index lags by up to a minute; the double's does not. */
function search(books: Books, query: string, show: (intent: Stripe.PaymentIntent) => unknown) {
  const [, field = '', value] = /^metadata\[['"](\w+)['"]\]:['"]([^'"]*)['"]$/.exec(query) ?? [];
  const found = Object.values(books.account.intents).filter((intent) => intent.metadata[field] === value);
  return {
    object: 'search_result',
    url: '/v1/payment_intents/search',
    has_more: false,
    next_page: null,
    data: found.map(show),
  };
}

function list(data: readonly unknown[], url: string) {
  return { object: 'list', url, has_more: false, data: [...data].reverse() };
}

function expandIntent(
  { account }: Books,
  intent: Stripe.PaymentIntent,
  expand: readonly string[],
): Stripe.PaymentIntent {
  const charge = typeof intent.latest_charge === 'string' ? account.charges[intent.latest_charge] : undefined;
  const isExpanded = expand.some((name) => name === 'latest_charge' || name === 'data.latest_charge');
  return structuredClone(isExpanded && charge ? { ...intent, latest_charge: charge } : intent);
}
