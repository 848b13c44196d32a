import { AsyncLocalStorage } from 'node:async_hooks';
import { VirtualClock } from './clock.ts';
import { type CallFault, type FaultSettings, Faults, type Service } from './faults.ts';
import { attempt, nameOf, type Outcome } from './outcome.ts';
import { createRng, type Rng } from './random.ts';
import { Trace } from './trace.ts';

/** One run of a Lambda. Once dead, nothing that it waits for comes back to it. */
export interface Invocation {
  readonly id: number;
  readonly lambda: string;
  dead: boolean;
  /** A fault has met it, so it may not know what it has done. */
  isFaulty: boolean;
  /** Ends it at once, as a crash or a time-out does. */
  kill(error: 'Runtime.ExitError' | 'Sandbox.Timedout'): void;
}

/** A call that leaves a Lambda. */
export interface PortCall {
  readonly service: Service;
  readonly operation: string;
  /** What it is about, for the trace. */
  readonly about: string;
  /** Has the effect and answers, at once. May throw what the service would answer. */
  perform(): unknown;
  /** The error that stands for a fault: what the client library throws, or answers, after its own tries. */
  failure(kind: 'refused' | 'unanswered' | 'conflict', rng: Rng): unknown;
}

export interface KernelOptions {
  readonly seed: number;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly faults: FaultSettings;
  readonly isTraced: boolean;
}

/** How long the SDK tries, in milliseconds: three times three seconds, and its waits between. */
const clientGivesUp = 9_500;
const never = new Promise<never>(() => undefined);

/**
 * A world's time, chance and faults. Every call that a Lambda makes takes virtual time on its way there and back,
 * so that what overlaps, and in which order, follows from the seed alone.
 */
export class Kernel {
  readonly clock: VirtualClock;
  readonly start: number;
  readonly faults: Faults;
  readonly trace: Trace;
  /** For latencies and errors. What Lambdas draw, and what people do, have numbers of their own. */
  readonly rng: Rng;
  readonly running = new AsyncLocalStorage<Invocation>();
  /** What is to be done right before the call of that number goes out, which waits for it. */
  readonly before = new Map<number, () => Promise<unknown>>();

  #broken: Error | undefined;

  constructor({ seed, start, faults, isTraced }: KernelOptions) {
    this.clock = new VirtualClock(start);
    this.start = start;
    this.rng = createRng(seed, 'latency');
    this.faults = new Faults(faults, createRng(seed, 'faults'));
    this.trace = new Trace(isTraced);
  }

  get elapsed(): number {
    return this.clock.now - this.start;
  }

  note(...parts: readonly (string | number)[]): void {
    this.trace.write(this.elapsed, ...parts);
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.clock.in(milliseconds, resolve));
  }

  /** A delay around a usual one: mostly half to twice of it, now and then ten times. */
  around(milliseconds: number): number {
    const spread = this.rng.chance(0.02) ? 10 : 1;
    return milliseconds * (0.5 + this.rng.next() * 1.5) * spread;
  }

  /** Makes a Lambda's call: there, effect, and back, or what a fault makes of it. */
  call(port: PortCall): Promise<unknown> {
    const invocation = this.running.getStore();
    if (invocation?.dead) return never;
    const number = this.faults.calls;
    const fault = invocation ? this.faults.ofCall(port.service, this.elapsed, invocation.lambda) : undefined;
    const who = invocation ? `${invocation.lambda}#${invocation.id}` : 'world';
    const tell = (what: string) =>
      this.note(`call ${number}`, who, `${port.service}.${port.operation}`, port.about, what);
    if (fault) {
      if (invocation) invocation.isFaulty = true;
      tell(`fault ${fault}`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const answer = (outcome: Outcome): void => {
      this.clock.in(this.around(4), () => {
        if (invocation?.dead) return;
        if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      });
    };
    const effect = (): Outcome => {
      const outcome = attempt(() => port.perform());
      tell(outcome.ok ? 'done' : nameOf(outcome.error));
      return outcome;
    };
    const fail = (kind: Parameters<PortCall['failure']>[0]) =>
      answer(attempt(() => port.failure(kind, this.rng)));
    const send = (): void => {
      this.clock.in(this.around(4), () => {
        // A request that is on its way arrives whether its sender still lives or not.
        this.#arrive(fault, { effect, answer, fail, invocation });
      });
    };
    const first = invocation && this.faults.isArmed ? this.before.get(number) : undefined;
    this.before.delete(first ? number : -1);
    if (first) void this.running.exit(first).then(send);
    else send();
    return promise;
  }

  #arrive(fault: CallFault | undefined, { effect, answer, fail, invocation }: Arrival): void {
    switch (fault) {
      case undefined:
        answer(effect());
        break;
      case 'refused':
      case 'conflict':
        fail(fault);
        break;
      case 'lost':
        effect();
        fail('unanswered');
        break;
      case 'resent':
        effect();
        this.clock.in(this.around(100), () => answer(effect()));
        break;
      case 'late':
        this.clock.in(this.rng.next() * 4 * clientGivesUp, effect);
        this.clock.in(clientGivesUp, () => fail('unanswered'));
        break;
      case 'hangs':
        this.clock.in(this.rng.next() * 60_000, effect);
        break;
      case 'crash_before':
        invocation?.kill('Runtime.ExitError');
        break;
      case 'crash_after':
        effect();
        invocation?.kill('Runtime.ExitError');
        break;
    }
  }

  /** A defect of the simulation itself, or an error that nothing in production catches: ends the run. */
  break(error: unknown): void {
    this.#broken ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Lets time pass until nothing is due any more or `isOver` says so. */
  async run(until: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const timer = this.clock.take(until);
      if (!timer) return;
      timer.run?.();
      await drained();
      if (this.#broken) throw this.#broken;
    }
  }
}

interface Arrival {
  effect(): Outcome;
  answer(outcome: Outcome): void;
  fail(kind: 'refused' | 'unanswered' | 'conflict'): void;
  readonly invocation: Invocation | undefined;
}

/** All that the last event has set going has come to rest: only then does time go on. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
