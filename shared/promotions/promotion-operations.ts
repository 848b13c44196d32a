import { pageBody, readPage } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import type { ApiRequest, Operations } from '../api/route.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { Principal } from '../identity/principal.ts';
import type { Promotion } from './promotion.ts';
import type { promotionRoutes } from './promotion-routes.ts';
import type { PromotionStore } from './promotion-store.ts';

export interface PromotionPorts {
  readonly promotions: PromotionStore;
  readonly effects: Effects;
}

/** The use cases of /order/promotion, tied to their routes. */
export function promotionOperations(ports: PromotionPorts): Operations<typeof promotionRoutes> {
  return {
    async listPromotions({ query }) {
      return { body: pageBody(await ports.promotions.list(readPage(query))) };
    },
    createPromotion: (request) => createPromotion(request, ports),
    deletePromotion: (request) => deletePromotion(request, ports),
  };
}

/** @throws Problem invalid_state when there is such a code */
async function createPromotion(
  request: ApiRequest<typeof promotionRoutes.createPromotion>,
  { promotions, effects }: PromotionPorts,
) {
  const now = effects.clock.now();
  const given = Object.entries(request.body).filter(([, value]) => value !== undefined);
  const promotion: Promotion = {
    ...definition(request.body),
    promotionId: effects.ids.next(),
    createdBy: request.principal.userId,
    createdAt: now.toISOString(),
  };
  const after = Object.fromEntries(given);
  const entry = promotionEntry(promotion, 'promotion.created', request, effects);
  if (!(await promotions.create(promotion, { ...entry, after }))) {
    throw new Problem('invalid_state', 'There is a promotion with this code; delete it first.');
  }
  return { body: promotion, headers: { Location: `/order/promotion/${promotion.code}` } };
}

/** Absent fields stay absent, and times are spelt as all our times are. */
function definition({
  code,
  kind,
  value,
  startsAt,
  endsAt,
  ...rest
}: ApiRequest<typeof promotionRoutes.createPromotion>['body']) {
  const { currency, minimum, maxUses, maxUsesPerUser, firstOrderOnly, role, segment } = rest;
  return {
    code,
    kind,
    value,
    ...(currency === undefined ? {} : { currency }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(startsAt === undefined ? {} : { startsAt: new Date(startsAt).toISOString() }),
    ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }),
    ...(maxUses === undefined ? {} : { maxUses }),
    ...(maxUsesPerUser === undefined ? {} : { maxUsesPerUser }),
    ...(firstOrderOnly === undefined ? {} : { firstOrderOnly }),
    ...(role === undefined ? {} : { role }),
    ...(segment === undefined ? {} : { segment }),
  };
}

/** @throws Problem not_found */
async function deletePromotion(
  request: ApiRequest<typeof promotionRoutes.deletePromotion>,
  { promotions, effects }: PromotionPorts,
) {
  const promotion = await promotions.find(request.params.code);
  const entry = promotion && promotionEntry(promotion, 'promotion.deleted', request, effects);
  if (!entry || !(await promotions.remove(promotion, { ...entry, before: { ...promotion } }))) {
    throw new Problem('not_found', 'There is no such promotion.');
  }
  return { body: undefined };
}

function promotionEntry(
  { code }: Promotion,
  action: 'promotion.created' | 'promotion.deleted',
  { principal, client, requestId }: Pick<ApiRequest, 'client' | 'requestId'> & { principal: Principal },
  { clock, ids }: Effects,
): AuditEntry {
  return {
    entryId: ids.next(),
    action,
    entity: { type: 'promotion', id: code },
    actor: { id: principal.userId, role: principal.role },
    at: clock.now().toISOString(),
    where: { ip: client.ip, region: client.region, device: client.userAgent },
    requestId,
  };
}
