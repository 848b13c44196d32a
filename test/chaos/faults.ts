import type { Rng } from './random.ts';

/**
 * What can befall one call of a port:
 *
 * - `refused`: an error, and no effect
 * - `lost`: the effect, and an error for an answer
 * - `resent`: the effect, its answer lost under way, and the same request sent again by the client library
 * - `late`: the client library gives up; the effect lands at some moment after that
 * - `hangs`: no answer until the Lambda is out of time; the effect lands late
 * - `crash_before`, `crash_after`: the Lambda's process dies instead of calling, or after the effect
 * - `conflict`: another transaction is in the way (DynamoDB alone; elsewhere as `refused`)
 */
export const callFaults = [
  'refused',
  'lost',
  'resent',
  'late',
  'hangs',
  'crash_before',
  'crash_after',
  'conflict',
] as const;
export type CallFault = (typeof callFaults)[number];

/**
 * What can befall a whole invocation:
 *
 * - `not_started`: Lambda itself refuses it
 * - `twice`: the same event is delivered a second time, at the same moment or soon after
 * - `answer_lost`: it does its work, and its caller is told of an error
 * - `starts_late`: it starts so late that who waits for it gives up first; it then runs beside the next try
 */
export const invocationFaults = ['not_started', 'twice', 'answer_lost', 'starts_late'] as const;
export type InvocationFault = (typeof invocationFaults)[number];

export const services = ['dynamodb', 'states', 'sns', 'kinesis', 'secrets', 'provider', 'sqs'] as const;
export type Service = (typeof services)[number];

/** A fault at one call or invocation, counted from 0 in the world's order, or in that of one Lambda alone. */
export type PlannedFault =
  | { readonly call: number; readonly kind: CallFault; readonly in?: string }
  | { readonly invocation: number; readonly kind: InvocationFault; readonly in?: string };

/** A service that answers nothing but errors for some time. Milliseconds from the world's start. */
export interface Outage {
  readonly service: Service;
  readonly from: number;
  readonly to: number;
  /** Share of the calls that have their effect all the same. */
  readonly lostShare: number;
}

export interface FaultSettings {
  readonly planned: readonly PlannedFault[];
  /** Chance of a fault at each call, and at each invocation. */
  readonly rate: number;
  /** Milliseconds from the world's start from when on nothing fails any more. */
  readonly until: number;
  readonly outages: readonly Outage[];
  /** The faults of calls that chance picks from; all of them when left out. */
  readonly kinds?: readonly CallFault[];
}

export const noFaults: FaultSettings = { planned: [], rate: 0, until: 0, outages: [] };

/** Decides which calls and invocations fail, by the plan and by chance, and counts what it has let happen. */
export class Faults {
  readonly met = new Map<string, number>();
  calls = 0;
  invocations = 0;
  /** While the shop is being set up nothing fails, and nothing is counted. */
  isArmed = false;
  readonly #settings: FaultSettings;
  readonly #rng: Rng;
  readonly #counts = new Map<string, number>();
  readonly #planned = new Map<string, CallFault | InvocationFault>();

  constructor(settings: FaultSettings, rng: Rng) {
    this.#settings = settings;
    this.#rng = rng;
    for (const fault of settings.planned) {
      const place = 'call' in fault ? `call ${fault.call}` : `invocation ${fault.invocation}`;
      this.#planned.set(`${fault.in ?? ''} ${place}`, fault.kind);
    }
  }

  /** @param elapsed milliseconds since the world's start */
  ofCall(service: Service, elapsed: number, lambda: string): CallFault | undefined {
    if (!this.isArmed) return undefined;
    const planned = this.#plannedFor('call', this.calls, lambda);
    this.calls += 1;
    if (planned) return this.#note(planned as CallFault);
    const outage = this.#settings.outages.find(
      (one) => one.service === service && one.from <= elapsed && elapsed < one.to,
    );
    if (outage) return this.#note(this.#rng.chance(outage.lostShare) ? 'lost' : 'refused', 'outage_');
    if (!this.#isStruck(elapsed)) return undefined;
    return this.#note(this.#rng.pick(this.#settings.kinds ?? callFaults));
  }

  ofInvocation(elapsed: number, lambda: string): InvocationFault | undefined {
    if (!this.isArmed) return undefined;
    const planned = this.#plannedFor('invocation', this.invocations, lambda);
    this.invocations += 1;
    if (planned) return this.#note(planned as InvocationFault);
    if (!this.#isStruck(elapsed)) return undefined;
    return this.#note(this.#rng.pick(invocationFaults));
  }

  #isStruck(elapsed: number): boolean {
    return elapsed < this.#settings.until && this.#rng.chance(this.#settings.rate);
  }

  #plannedFor(what: string, number: number, lambda: string): CallFault | InvocationFault | undefined {
    if (this.#planned.size === 0) return undefined;
    const own = this.#counts.get(`${lambda} ${what}`) ?? 0;
    this.#counts.set(`${lambda} ${what}`, own + 1);
    return this.#planned.get(` ${what} ${number}`) ?? this.#planned.get(`${lambda} ${what} ${own}`);
  }

  #note<T extends string>(kind: T, prefix = ''): T {
    const name = `${prefix}${kind}`;
    this.met.set(name, (this.met.get(name) ?? 0) + 1);
    return kind;
  }
}
