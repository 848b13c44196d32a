import type { StripeRequest, StripeResponse } from './account.ts';

/** A `fetch` that hands every request to a handler, e.g. the double's, with no network between. */
export function fetchFromDouble(double: { handle(request: StripeRequest): StripeResponse }): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { status, headers, body } = double.handle({
      method: init.method ?? 'GET',
      path: `${url.pathname}${url.search}`,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof init.body === 'string' ? init.body : '',
    });
    return new Response(body, { status, headers });
  };
}
