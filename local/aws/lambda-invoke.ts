import type { InvocationResult } from '../lambda/protocol.ts';

export type Invoke = (functionName: string, event: unknown) => Promise<InvocationResult>;

const path = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/;

/** The function that a request asks to run; undefined when it is not for Lambda. */
export function invokedFunction(url: string | undefined): string | undefined {
  const name = path.exec(url ?? '')?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}

/** Lambda Invoke, request and response: what the function throws is an answer too, told by a header. */
export async function invokeFunction(
  name: string,
  body: string,
  invoke: Invoke,
): Promise<{ headers: Record<string, string>; text: string }> {
  const result = await invoke(name, body === '' ? {} : JSON.parse(body));
  return result.ok
    ? { headers: {}, text: JSON.stringify(result.payload ?? null) }
    : { headers: { 'x-amz-function-error': 'Unhandled' }, text: JSON.stringify(result.error) };
}
