import type { Surroundings } from './code.ts';
import type { Kernel } from './kernel.ts';
import { createRng, type Rng } from './random.ts';

type Fetch = (input: unknown, init?: unknown) => Promise<unknown>;

/** The clock, chance and environment that a world's Lambdas see in place of Node's own. */
export function createSurroundings(
  kernel: Kernel,
  seed: number,
  environment: Readonly<Record<string, string>>,
  fetch: Fetch,
): Surroundings & { readonly modules: Readonly<Record<string, unknown>> } {
  const { clock } = kernel;
  const rng = createRng(seed, 'lambdas');

  class VirtualDate extends Date {
    constructor(...given: unknown[]) {
      if (given.length === 0) super(clock.now);
      else super(...(given as [string]));
    }
    static override now(): number {
      return Math.floor(clock.now);
    }
  }

  /** What a dead invocation waits for never comes. */
  const later = (run: () => void, milliseconds = 0) => {
    const invocation = kernel.running.getStore();
    return clock.in(milliseconds, () => {
      if (!invocation?.dead) run();
    });
  };
  const setTimeout = (run: (...values: unknown[]) => void, milliseconds?: number, ...values: unknown[]) =>
    asTimeout(later(() => run(...values), milliseconds));
  const clearTimeout = (timer: { timer?: { run: unknown } } | undefined) => {
    if (timer?.timer) timer.timer.run = undefined;
  };
  const sleep = (milliseconds: number, value?: unknown) =>
    new Promise((resolve) => later(() => resolve(value), milliseconds));
  const crypto = cryptoOf(rng);
  const math = Object.create(Math, { random: { value: () => rng.next() } }) as typeof Math;
  const unknownTimer = () => {
    throw new Error('The simulation has no such timer yet');
  };
  return {
    process: { ...processLike, env: environment },
    crypto,
    fetch,
    Date: VirtualDate,
    Math: math,
    setTimeout,
    clearTimeout,
    setInterval: unknownTimer,
    clearInterval: clearTimeout,
    setImmediate: (run: () => void) => setTimeout(run, 0),
    modules: {
      'node:timers/promises': { setTimeout: sleep },
      'timers/promises': { setTimeout: sleep },
    },
  };
}

const processLike = {
  version: process.version,
  versions: process.versions,
  platform: process.platform,
  arch: process.arch,
  emitWarning: () => undefined,
};

function asTimeout(timer: { run: (() => void) | undefined }) {
  const timeout = { timer, ref: () => timeout, unref: () => timeout, hasRef: () => true };
  return timeout;
}

/** Web Crypto with seeded randomness; hashing and verifying stay Node's own. */
function cryptoOf(rng: Rng) {
  return Object.create(globalThis.crypto, {
    getRandomValues: {
      value: <T extends ArrayBufferView>(array: T): T => {
        new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(rng.bytes(array.byteLength));
        return array;
      },
    },
    randomUUID: { value: () => uuidOf(rng) },
  }) as typeof globalThis.crypto;
}

export function uuidOf(rng: Rng): string {
  const bytes = rng.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
