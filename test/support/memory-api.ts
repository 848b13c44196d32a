import type { ApiPorts } from '../../shared/api/dispatch.ts';
import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { User } from '../../shared/identity/user.ts';
import { testEffects } from './effects.ts';

/** The dispatcher's ports in memory. */
export function memoryApiPorts(...users: User[]) {
  const entries: AuditEntry[] = [];
  const hits = new Map<string, number>();
  const effects = testEffects();
  const ports: ApiPorts = {
    users: { find: async (userId) => users.find((user) => user.userId === userId) },
    audit: {
      append: async (entry) => {
        entries.push(entry);
      },
    },
    limiter: {
      hit: async (key, windowStart) => {
        const counter = `${key}@${windowStart.toISOString()}`;
        const count = (hits.get(counter) ?? 0) + 1;
        hits.set(counter, count);
        return count;
      },
    },
    effects,
  };
  return { ports, entries, effects };
}
