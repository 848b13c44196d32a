import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { RateTable } from '../money/exchange.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { cacheHeaders } from './product-answer.ts';
import type { productRoutes } from './product-routes.ts';

type SetRates = typeof productRoutes.setRates;
type GetRates = typeof productRoutes.getRates;

/** Puts a whole table of rates in effect, at once or from a later moment on. Former tables stay on record. */
export async function setRates(
  { body, principal, client, requestId }: ApiRequest<SetRates>,
  { rates, rateWriter, effects }: Pick<CataloguePorts, 'rates' | 'rateWriter' | 'effects'>,
): Promise<ApiResult<SetRates>> {
  const now = effects.clock.now();
  const effectiveAt = body.effectiveAt === undefined ? now : new Date(body.effectiveAt);
  if (effectiveAt < now) {
    throw new Problem('validation_failed', 'Some fields are not as they must be; see errors.', {
      errors: [
        { path: '/effectiveAt', message: 'must not be in the past: orders were priced by the rates of then' },
      ],
    });
  }
  const table: RateTable = { base: body.base, effectiveAt: effectiveAt.toISOString(), rates: body.rates };
  const before = await rates.inEffect(now);
  const entry: AuditEntry = {
    entryId: effects.ids.next(),
    action: 'rates.set',
    entity: { type: 'rates', id: table.base },
    actor: { id: principal.userId, role: principal.role },
    at: now.toISOString(),
    where: { ip: client.ip, region: client.region, device: client.userAgent },
    ...(before ? { before: { ...before } } : {}),
    after: { ...table },
    requestId,
  };
  await rateWriter.put(table, entry);
  return { body: table };
}

/** @throws Problem not_found while no rates have been set */
export async function getRates(
  { principal }: ApiRequest<GetRates>,
  { rates, effects }: Pick<CataloguePorts, 'rates' | 'effects'>,
): Promise<ApiResult<GetRates>> {
  const table = await rates.inEffect(effects.clock.now());
  if (!table) {
    throw new Problem('not_found', 'No exchange rates have been set.');
  }
  return { body: table, headers: cacheHeaders(principal !== undefined) };
}
