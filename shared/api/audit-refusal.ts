import type { AuditTrail } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import { storedRoleSchema } from '../identity/roles.ts';
import type { AuthorizerContext } from './gateway-event.ts';
import type { Problem } from './problem.ts';
import type { ClientInfo, Route } from './route.ts';

/** Keeps who was refused what; an expired token is no refusal of a known caller and is not kept. */
export async function auditRefusal(
  problem: Problem,
  route: Route,
  token: AuthorizerContext,
  client: ClientInfo,
  requestId: string,
  { audit, effects }: { audit: AuditTrail; effects: Effects },
): Promise<void> {
  if (!problem.options.isRefusal) return;
  const role = storedRoleSchema.safeParse(token.role);
  const at = effects.clock.now().toISOString();
  await audit.append({
    entryId: effects.ids.next(),
    action: 'access.denied',
    // A day each: somebody who is refused all the time must not make one trail too long to be proved.
    entity: { type: 'route', id: `${route.method} ${route.path}#${at.slice(0, 10)}` },
    actor: { id: token.userId, role: role.success ? role.data : 'Guest' },
    at,
    where: { ip: client.ip, region: client.region, device: client.userAgent },
    reason: problem.code,
    requestId,
  });
}
