/** What the API answers a caller whom the route is not for. */
export type Verdict = 'yes' | '401' | '403' | '404';

/** The verdict on one's own resource and on another's; one alone where the path names none. */
export interface Expectation {
  readonly Guest: Verdict;
  readonly Customer: readonly [own: Verdict, another: Verdict] | Verdict;
  readonly Manager: readonly [own: Verdict, another: Verdict] | Verdict;
  readonly Admin: readonly [own: Verdict, another: Verdict] | Verdict;
}

const everybody: Expectation = { Guest: 'yes', Customer: 'yes', Manager: 'yes', Admin: 'yes' };
const anyAccount: Expectation = { Guest: '401', Customer: 'yes', Manager: 'yes', Admin: 'yes' };
const customer: Expectation = { Guest: '401', Customer: 'yes', Manager: '403', Admin: '403' };
const staff: Expectation = { Guest: '401', Customer: '403', Manager: 'yes', Admin: 'yes' };
const admin: Expectation = { Guest: '401', Customer: '403', Manager: '403', Admin: 'yes' };
/** {userId}: another's profile does not exist for who may not see it. */
const selfOrAdmin: Expectation = {
  Guest: '401',
  Customer: ['yes', '404'],
  Manager: ['yes', '404'],
  Admin: ['yes', 'yes'],
};
const self: Expectation = {
  Guest: '401',
  Customer: ['yes', '404'],
  Manager: ['yes', '404'],
  Admin: ['yes', '404'],
};
/** {orderId}: only customers own orders. */
const ownerOrStaff: Expectation = { Guest: '401', Customer: ['yes', '404'], Manager: 'yes', Admin: 'yes' };
const ownerOrAdmin: Expectation = { Guest: '401', Customer: ['yes', '404'], Manager: '403', Admin: 'yes' };

/**
 * Who may call what, read off the contract's "who" columns by a person. It is not derived from the route table,
 * which it checks; rows of routes that are not built yet do no harm.
 */
export const expectations: Readonly<Record<string, Expectation>> = {
  'POST /user/exists': everybody,
  'POST /user/register': everybody,
  'POST /user/login': everybody,
  'POST /user/password-reset': everybody,
  'GET /user/{userId}': selfOrAdmin,
  'PATCH /user/{userId}': selfOrAdmin,
  'PUT /user/{userId}/details': selfOrAdmin,
  'DELETE /user/{userId}': selfOrAdmin,
  'GET /user/{userId}/export': selfOrAdmin,
  'GET /user/{userId}/recommendations': self,
  'GET /user': admin,
  'POST /user/events': everybody,

  'GET /product': everybody,
  'GET /product/{productId}': everybody,
  'POST /product': admin,
  'PATCH /product/{productId}': admin,
  'DELETE /product/{productId}': admin,
  'GET /product/rates': everybody,
  'PUT /product/rates': admin,
  'POST /product/{productId}/stock': staff,
  'GET /product/{productId}/stock': staff,
  'GET /product/{productId}/audit': staff,

  'POST /order/check': customer,
  'POST /order': customer,
  'POST /order/quick': customer,
  'GET /order': anyAccount,
  'GET /order/{orderId}': ownerOrStaff,
  'GET /order/{orderId}/checkout': ownerOrStaff,
  'POST /order/{orderId}/cancel': ownerOrAdmin,
  'POST /order/{orderId}/approve': staff,
  'POST /order/{orderId}/reject': staff,
  'PATCH /order/{orderId}': admin,
  'DELETE /order/{orderId}': admin,
  'GET /order/{orderId}/audit': staff,
  'GET /order/report': staff,
  'GET /order/promotion': admin,
  'POST /order/promotion': admin,
  'DELETE /order/promotion/{code}': admin,
  'POST /order/payment-webhook': everybody,
};
