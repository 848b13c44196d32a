import { type LocalRuntime, type LocalRuntimeOptions, startLocalRuntime } from '../../local/runtime.ts';
import { seededPassword } from '../../local/seed/seed-users.ts';
import { type CallAnswer, type CallOptions, callApi } from './call-api.ts';

/** A stack of its own on a free port. */
export interface LocalStack {
  readonly runtime: LocalRuntime;
  readonly url: string;
  call(method: string, path: string, options?: CallOptions): Promise<CallAnswer>;
  /** Access token of a seeded user. */
  loginAs(user: 'admin' | 'manager' | 'customer'): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a stack in memory, seeded, with retries a hundred times faster than on AWS. It publishes notifications but
 * delivers none, unless its settings say so: most tests need not wait for three more Lambdas to load.
 */
export async function startLocalStack(options: Partial<LocalRuntimeOptions> = {}): Promise<LocalStack> {
  const runtime = await startLocalRuntime({
    port: 0,
    seed: true,
    retryIntervalScale: 0.01,
    prewarm: false,
    ...options,
    settings: { notifications: { staff: [] }, ...options.settings },
  });
  const call: LocalStack['call'] = (method, path, given) => callApi(runtime.url, method, path, given);
  return {
    runtime,
    url: runtime.url,
    call,
    async loginAs(user) {
      const body = { email: `${user}@example.com`, password: seededPassword };
      const { status, text, json } = await call('POST', '/user/login', { body });
      if (status !== 200) throw new Error(`Login of ${user}: ${status} ${text}`);
      return json.token;
    },
    stop: () => runtime.stop(),
  };
}

/** Waits until the probe answers something. Nothing takes so long; a machine with other work may. */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`It did not happen within ${seconds} seconds.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
