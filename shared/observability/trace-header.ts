/**
 * The X-Ray trace that this invocation belongs to, for services that go on with it when told: the header's value, up
 * to 256 characters. Undefined where nothing is traced.
 */
export function traceHeader(): string | undefined {
  const header = process.env._X_AMZN_TRACE_ID;
  return header === undefined || header === '' ? undefined : header;
}
