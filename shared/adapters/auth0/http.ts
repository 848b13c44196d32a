import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../effects.ts';
import { DependencyUnavailableError } from '../../errors.ts';

export interface Auth0Request {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  /** Relative to the tenant's URL, without a leading slash. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any answer below 500. `body` is the parsed JSON, or undefined where Auth0 answers plain text or nothing. */
export interface Auth0Response {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export type Auth0Http = (request: Auth0Request) => Promise<Auth0Response>;

export interface Auth0HttpOptions {
  /** The tenant's URL with a trailing slash. */
  readonly issuer: string;
  readonly random: Random;
  readonly timeoutMilliseconds?: number;
}

/** Two tries of 3 s stay below the Lambda's 15 s even where a use case makes two calls. */
const attempts = 2;
const defaultTimeoutMilliseconds = 3_000;
const backOffMilliseconds = 200;

/**
 * Calls the tenant and tries once more after a network fault, a time-out or a 5xx. Every call that we make
 * may be made twice: a repeated signup answers "exists", which registration knows how to take.
 * Bodies carry passwords and are neither logged nor put into errors.
 * @throws DependencyUnavailableError
 */
export function createAuth0Http(options: Auth0HttpOptions): Auth0Http {
  const { issuer, random, timeoutMilliseconds = defaultTimeoutMilliseconds } = options;
  return async (request) => {
    let cause: unknown;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (attempt > 1) await sleep(backOffMilliseconds * (0.5 + random()));
      try {
        const response = await send(new URL(request.path, issuer), request, timeoutMilliseconds);
        if (response.status < 500) return response;
        cause = new Error(`Auth0 answered ${response.status}`);
      } catch (error) {
        cause = error;
      }
    }
    throw new DependencyUnavailableError('Auth0', cause);
  };
}

async function send(url: URL, request: Auth0Request, timeoutMilliseconds: number): Promise<Auth0Response> {
  const response = await fetch(url, {
    method: request.method,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...request.headers },
    // A redirect would carry the client's secret and the user's password to wherever it points.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMilliseconds),
    ...(request.body ? { body: JSON.stringify(request.body) } : {}),
  });
  return { status: response.status, body: parseJson(await response.text()), headers: response.headers };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
