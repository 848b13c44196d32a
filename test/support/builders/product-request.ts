import type { ApiRequest, Route } from '../../../shared/api/route.ts';
import { aCaller, aUser } from './user.ts';

/**
 * A request as the dispatcher hands it to a use case: by the given staff member, or by nobody. What a route does
 * not have stays empty.
 */
export function aRequest<R extends Route>(
  _route: R,
  by: 'Admin' | 'Manager' | 'Customer' | undefined,
  parts: Partial<Pick<ApiRequest<R>, 'params' | 'query' | 'body' | 'ifMatch'>> = {},
): ApiRequest<R> {
  const user = by && aUser({ userId: `${by.toLowerCase()}-1`, role: by });
  const request = {
    params: {},
    query: {},
    body: undefined,
    idempotencyKey: undefined,
    ifMatch: undefined,
    accept: 'application/json',
    ...(user ? aCaller(user) : aCaller(undefined)),
    ...parts,
  };
  return request as unknown as ApiRequest<R>;
}
