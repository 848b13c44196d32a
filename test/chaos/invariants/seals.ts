import { headSchema, sealSchema, storedEntrySchema } from '../../../shared/audit/seal.ts';
import { notices, verifyChain } from '../../../shared/audit/verify-chain.ts';
import { rows } from '../ledger.ts';
import { grouped } from './books.ts';
import type { Settled, Violation } from './violations.ts';

/** Every entry of the audit trail has its seal and every chain proves it, unless the stream's queue tells of losses. */
export function sealViolations({ world }: Settled): Violation[] {
  if (world.streams.lostBy('audit-seal').length > 0) return [];
  const byChain = ({ pk }: Readonly<Record<string, unknown>>) => String(pk);
  const entries = grouped(rows(world, 'AUDIT_TABLE'), byChain);
  const sealed = grouped(rows(world, 'AUDIT_SEALS_TABLE'), byChain);
  return [...new Set([...entries.keys(), ...sealed.keys()])].flatMap((chain) => {
    const items = (sealed.get(chain) ?? []).map(({ pk: _pk, ...item }) => item);
    const heads = items
      .filter(({ sk }) => sk === 'HEAD')
      .map(({ sk: _sk, ...head }) => headSchema.parse(head));
    const seals = items
      .filter(({ sk }) => sk !== 'HEAD')
      .map(({ sk: _sk, ...seal }) => sealSchema.parse(seal));
    const own = (entries.get(chain) ?? []).map((entry) => storedEntrySchema.parse(entry));
    return verifyChain({ chain, head: heads[0], seals, entries: own }, new Set())
      .filter(({ flaw }) => !notices.has(flaw))
      .map(({ flaw, detail }) => ({ rule: 'seal', about: chain, what: `${flaw}: ${detail}` }));
  });
}
