import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

type Method = 'GET' | 'POST' | 'PATCH';

/** The Management API as the setup uses it: JSON in, a schema's output out. */
export interface ManagementClient {
  /** The API's own identifier, the audience of tokens for it. */
  readonly audience: string;
  send<T>(method: Method, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T>;
  /** undefined when there is no such thing. */
  find<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined>;
}

export interface ManagementClientOptions {
  /** The tenant's URL with a trailing slash. */
  readonly tenant: string;
  readonly token: string;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** The tenant refused a call for good. Names the call and Auth0's reason, never the token. */
export class TenantRefusalError extends Error {
  override readonly name = 'TenantRefusalError';
}

const timeoutMilliseconds = 10_000;
const attempts = 4;
const longestWaitSeconds = 10;
const refusalSchema = z.object({ message: z.string().optional(), errorCode: z.string().optional() });

/** Tries over what the rate limit or an outage refused; every call of the setup may be made twice. */
export function createManagementClient(options: ManagementClientOptions): ManagementClient {
  const { tenant, token, wait = sleep } = options;
  const request = async (method: Method, path: string, body: unknown): Promise<Response> => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(new URL(`api/v2/${path}`, tenant), {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const mayPass = response.status === 429 || response.status >= 500;
      if (!mayPass || attempt === attempts) return response;
      await wait(secondsToWait(response, attempt) * 1000);
    }
  };
  return {
    audience: new URL('api/v2/', tenant).href,
    async send(method, path, schema, body) {
      const response = await request(method, path, body);
      if (!response.ok) throw await refusal(method, path, response);
      return schema.parse(await json(response));
    },
    async find(path, schema) {
      const response = await request('GET', path, undefined);
      if (response.status === 404) return undefined;
      if (!response.ok) throw await refusal('GET', path, response);
      return schema.parse(await json(response));
    },
  };
}

/** Auth0 says when the limit's window ends as a point in time, in seconds. */
function secondsToWait({ headers }: Response, attempt: number): number {
  const told = Number(headers.get('retry-after') ?? Number.NaN);
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) - Date.now() / 1000;
  const seconds = [told, reset].find((value) => Number.isFinite(value) && value > 0) ?? 2 ** attempt / 2;
  return Math.min(seconds, longestWaitSeconds);
}

async function refusal(method: string, path: string, response: Response): Promise<TenantRefusalError> {
  const parsed = refusalSchema.safeParse(await json(response));
  const { message = '', errorCode = '' } = parsed.success ? parsed.data : {};
  const text = `${method} ${path}: ${response.status} ${errorCode} ${message}`.replaceAll(/ +/g, ' ').trim();
  return new TenantRefusalError(text);
}

async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}
