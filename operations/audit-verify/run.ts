import { setTimeout as sleep } from 'node:timers/promises';
import { createSealStore } from '../../shared/adapters/dynamodb/audit-seals.ts';
import { createErasureLookup } from '../../shared/adapters/dynamodb/erasure-lookup.ts';
import type { SealStore } from '../../shared/audit/seal-entries.ts';
import { type Clock, systemClock } from '../../shared/effects.ts';
import { createPace } from '../support/pace.ts';
import { retryEffects, tablesOf } from '../support/stage.ts';
import type { Target } from '../support/target.ts';
import type { AnchorPorts } from './anchors.ts';
import { createErasures, type Erasures } from './erasures.ts';

export const chainsAtOnce = 8;

export interface VerifyOptions {
  /** Every chain when left out. */
  readonly chain?: string | undefined;
  /** Chains that sort before it are left out. */
  readonly from?: string | undefined;
  readonly strict: boolean;
  /** Make good what the stream cannot bring any more: missing seals, and salts that an erasure should have taken. */
  readonly adopt: boolean;
  /** Look for orders, products and users that the trail does not know, too. */
  readonly anchors: boolean;
  readonly unitsPerSecond: number;
  /** How long entries that were just written may be waited for, all together; what is younger than that is pending. */
  readonly patienceMilliseconds: number;
  readonly clock?: Clock;
}

/** What all chains of one run share. */
export interface Run extends AnchorPorts {
  readonly options: VerifyOptions;
  readonly store: SealStore;
  readonly erasures: Erasures;
  /** Waits a little, all who do so together, until there is no patience left. @returns whether it waited */
  readonly wait: () => Promise<boolean>;
}

export function startRun(target: Target, options: VerifyOptions): Run {
  const { users, orders, products, audit } = tablesOf(target);
  const { dynamo } = target;
  const { clock = systemClock, unitsPerSecond } = options;
  const seals = target.output('AuditSealsTableName');
  const ageOf = (at: string) => clock.now().getTime() - Date.parse(at);
  const tables = {
    dynamo,
    audit,
    seals,
    pace: createPace({ burst: unitsPerSecond, perSecond: unitsPerSecond }),
  };
  return {
    ...tables,
    ...{ users, orders, products, unitsPerSecond },
    options,
    ageOf,
    store: createSealStore(dynamo, seals, retryEffects),
    erasures: createErasures(tables, createErasureLookup(dynamo, { users, audit }), ageOf),
    wait: createPatience(options.patienceMilliseconds),
  };
}

const waitMilliseconds = 250;

function createPatience(milliseconds: number): Run['wait'] {
  let left = milliseconds;
  let waiting: Promise<void> | undefined;
  return async () => {
    if (left <= 0) return false;
    waiting ??= sleep(waitMilliseconds).then(() => {
      left -= waitMilliseconds;
      waiting = undefined;
    });
    await waiting;
    return true;
  };
}
