import { type Books, type CustomerFacts, nextId, StripeRefusal, seconds } from './account.ts';
import { type Form, hashField } from './form.ts';

export function createCustomer(books: Books, form: Form): CustomerFacts {
  const customer: CustomerFacts = {
    id: nextId(books, 'cus'),
    object: 'customer',
    created: seconds(books),
    livemode: false,
    metadata: hashField(form, 'metadata'),
  };
  books.account.customers[customer.id] = customer;
  return customer;
}

/** The customer that a request names, who has to exist; null when it names none. */
export function namedCustomer({ account }: Books, id: string | undefined): string | null {
  if (id === undefined) return null;
  if (account.customers[id]) return id;
  throw new StripeRefusal(400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    param: 'customer',
    message: `No such customer: '${id}'`,
  });
}

/** Deletes the customer; the methods that were kept with it may not be used again. */
export function deleteCustomer(books: Books, id: string) {
  const { account } = books;
  namedCustomer(books, id);
  delete account.customers[id];
  for (const [method, owner] of Object.entries(account.methods)) {
    if (owner === id) account.methods[method] = null;
  }
  return { id, object: 'customer', deleted: true };
}

/**
 * A method that a browser has made pays once, unless it is kept with a customer; then it pays for that one alone.
 * The test methods `pm_card_*` are another method each time.
 */
export function expectUsable({ account }: Books, method: string, customer: string | null): void {
  const owner = account.methods[method];
  if (method.startsWith('pm_card_') || owner === undefined || (owner !== null && owner === customer)) return;
  throw new StripeRefusal(400, {
    type: 'invalid_request_error',
    message:
      owner === null
        ? 'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.'
        : `The customer does not have a payment method with the ID ${method}. The payment method must be attached to the customer.`,
  });
}
