import type { EventLog } from './event-log.ts';

/** An event in the shape of GetExecutionHistory; `timestamp` in epoch seconds, as the wire has it. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: number;
  readonly type: string;
  /** `<type>EventDetails` */
  readonly [details: string]: unknown;
}

type Details = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const statesWithFailure = new Set(['Parallel', 'Map']);

/**
 * Writes one execution's history. `previousEventId` follows the branch that an event belongs to, so that
 * a reader can tell which state an attempt (TaskScheduled, TaskFailed …) was made for.
 */
export class HistoryWriter {
  readonly events: HistoryEvent[];
  readonly #scopes: ReadonlyMap<string, string>;
  readonly #lastIds = new Map<string, number>();
  readonly #failed = new Set<string>();

  /** @param scopes scope of each state by its name, see `placedStates` */
  constructor(scopes: ReadonlyMap<string, string>, events: HistoryEvent[]) {
    this.#scopes = scopes;
    this.events = events;
  }

  /** An attempt's own events; the interpreter does not know them. */
  attempt(stateName: string, type: string, details: Details): void {
    this.#append(this.#scopeOf(stateName), Date.now(), type, details);
  }

  execution(type: string, details: Details, at = Date.now()): void {
    this.#append('', at, type, details);
  }

  /** An event of the interpreter's log. */
  interpreted(event: EventLog): void {
    if (event.type === 'StateEntered') {
      const { name, type, input } = event.state;
      const scope = this.#scopeOf(name);
      this.#append(scope, event.timestamp, `${type}StateEntered`, {
        stateEnteredEventDetails: { name, input: JSON.stringify(input) },
      });
      if (type === 'Parallel') this.#append(scope, event.timestamp, 'ParallelStateStarted', {});
    } else if (event.type === 'StateExited') {
      const { name, type, output } = event.state;
      const scope = this.#scopeOf(name);
      if (type === 'Parallel' && !this.#failed.delete(name))
        this.#append(scope, event.timestamp, 'ParallelStateSucceeded', {}, this.#lastOfBranches(name));
      this.#append(scope, event.timestamp, `${type}StateExited`, {
        stateExitedEventDetails: { name, output: JSON.stringify(output ?? null) },
      });
    } else if (event.type === 'StateFailed' && statesWithFailure.has(event.state.type)) {
      const { name, type } = event.state;
      this.#failed.add(name);
      this.#append(
        this.#scopeOf(name),
        event.timestamp,
        `${type}StateFailed`,
        {},
        this.#lastOfBranches(name),
      );
    } else if (event.type === 'StateRetried') {
      this.#failed.delete(event.state.name);
    }
  }

  #scopeOf(stateName: string): string {
    return this.#scopes.get(stateName) ?? '';
  }

  #previous(scope: string): number {
    const own = this.#lastIds.get(scope);
    if (own !== undefined || scope === '') return own ?? 0;
    const parallel = scope.slice(0, scope.lastIndexOf('/'));
    return this.#previous(this.#scopeOf(parallel));
  }

  #lastOfBranches(parallel: string): number | undefined {
    const ids = [...this.#lastIds].filter(([scope]) => scope.startsWith(`${parallel}/`)).map(([, id]) => id);
    return ids.length > 0 ? Math.max(...ids) : undefined;
  }

  #append(scope: string, at: number, type: string, details: Details, previous = this.#previous(scope)): void {
    const id = this.events.length + 1;
    this.events.push({ id, previousEventId: previous, timestamp: at / 1000, type, ...details });
    this.#lastIds.set(scope, id);
  }
}
