export type { StripeEvent, StripeRequest, StripeResponse } from './stripe/account.ts';
export { createStripeDouble, type StripeDouble } from './stripe/double.ts';
export { fetchFromDouble } from './stripe/fetch.ts';
export { errorAnswer } from './stripe/idempotency.ts';
export { type StripeFault, startStripeServer } from './stripe/server.ts';
