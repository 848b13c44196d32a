export interface CallOptions {
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address that the client seems to have. */
  readonly ip?: string;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: assertions read answers of every shape
  readonly json: any;
}

/** Calls an API as a client does. */
export async function callApi(
  base: string,
  method: string,
  path: string,
  options: CallOptions & { readonly timeoutMilliseconds?: number } = {},
): Promise<CallAnswer> {
  const body = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const { timeoutMilliseconds } = options;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.ip === undefined ? {} : { 'x-forwarded-for': options.ip }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body }),
    ...(timeoutMilliseconds === undefined ? {} : { signal: AbortSignal.timeout(timeoutMilliseconds) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
