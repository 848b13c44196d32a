import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { auditItem } from '../../shared/adapters/dynamodb/audit-trail.ts';
import type { Actor, AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { Clock } from '../../shared/effects.ts';
import type { ReconcilePorts } from '../../shared/orders/reconcile.ts';
import type { Pace } from '../support/pace.ts';
import type { StageTables } from '../support/stage.ts';
import type { Target } from '../support/target.ts';

export const findingKinds = [
  'leaked_hold',
  'unsold_hold',
  'stuck_order',
  'stuck_reversal',
  'orphan_payment',
  'unpaid_order',
  'stock_drift',
  'promotion_drift',
  'order_count_drift',
  'insights_drift',
  'report_drift',
  'ranking_drift',
  'marked_for_repair',
  'unreadable',
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Something that is not as it should be, seen twice with time between. */
export interface Finding {
  readonly kind: FindingKind;
  /** What it is about: an entity and its id, which is the audited one too. */
  readonly entity: AuditEntry['entity'];
  readonly detail: string;
  /** What a person does about it. */
  readonly advice: string;
  /**
   * Sets it right by conditional writes. Safe to run twice, or beside another doctor, or beside the shop.
   * @returns what was done; undefined when it was right by then
   */
  readonly fix?: () => Promise<string | undefined>;
}

/** What every check works with. */
export interface Examination {
  readonly target: Target;
  readonly tables: StageTables;
  readonly reconcile: ReconcilePorts;
  readonly clock: Clock;
  /** What changed more recently may be under way and is left alone. */
  readonly graceMilliseconds: number;
  /** Pages of a table, paced, with progress shown. */
  scan(table: keyof StageTables): AsyncGenerator<Record<string, unknown>[]>;
  /** Tells what the check could not look into, beside its findings. */
  note(text: string): void;
  /** Waits until so many read units may be taken outside of scans. */
  readonly pace: Pace;
}

export type Check = (examination: Examination) => Promise<Finding[]>;

const doctorActor: Actor = { id: 'doctor', role: 'System' };

/** The entry of a repair. The id follows from what was repaired, so that one repair is one entry. */
export function doctorEntry(
  entity: AuditEntry['entity'],
  act: { action: string; once: string; before?: Record<string, unknown>; after?: Record<string, unknown> },
  at: Date,
): AuditEntry {
  const { action, once, before, after } = act;
  return {
    entryId: `doctor-${once}`,
    action: `doctor.${action}`,
    entity,
    actor: doctorActor,
    at: at.toISOString(),
    ...(before ? { before } : {}),
    ...(after ? { after } : {}),
  };
}

/** Appends the entry of a repair that a use case has made by itself. */
export async function auditRepair(
  { target, tables, clock }: Examination,
  entity: AuditEntry['entity'],
  action: string,
): Promise<void> {
  const at = clock.now();
  const Item = auditItem(doctorEntry(entity, { action, once: `${action}-${at.toISOString()}` }, at));
  await target.dynamo.send(new PutCommand({ TableName: tables.audit, Item }));
}

export function unreadable(entity: AuditEntry['entity'], what: string, error: unknown): Finding {
  return {
    kind: 'unreadable',
    entity,
    detail: `${what} is not what the code expects: ${error instanceof Error ? error.message : error}`,
    advice: 'Compare it with an older version by point-in-time recovery; nothing is repaired by itself.',
  };
}

/** Whether something last changed long enough ago to be looked into. */
export function isSettledSince({ clock, graceMilliseconds }: Examination, changedAt: string): boolean {
  return Date.parse(changedAt) <= clock.now().getTime() - graceMilliseconds;
}
