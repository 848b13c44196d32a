/** A callback that is due at a virtual time. Cancelled by dropping its `run`. */
export interface Timer {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Virtual time: a heap of timers by due time, and by age where due times are equal. Time moves only when the
 * world's loop takes the next timer, so a minute costs nothing and every run meets the same order.
 */
export class VirtualClock {
  now: number;
  readonly #heap: Timer[] = [];
  #made = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Timers that are due or will be, cancelled ones included. */
  get pending(): number {
    return this.#heap.length;
  }

  in(milliseconds: number, run: () => void): Timer {
    const delay = Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
    this.#made += 1;
    const timer: Timer = { at: this.now + delay, order: this.#made, run };
    this.#push(timer);
    return timer;
  }

  /** Takes the next timer off and moves time to it; undefined when nothing is due until `until`. */
  take(until: number): Timer | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || first.at > until) return undefined;
      this.#pop();
      if (first.run === undefined) continue;
      this.now = first.at;
      return first;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
