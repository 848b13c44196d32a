/**
 * Runs in a process of its own: calls the handler of each bundle once, as a cold Lambda with the environment
 * of the template, and prints which variables it read and what it answered. No call needs the network.
 */
interface Call {
  readonly name: string;
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly event: unknown;
}

export interface CallResult {
  readonly name: string;
  readonly read: readonly string[];
  readonly answer?: unknown;
  readonly error?: string;
}

const calls: readonly Call[] = JSON.parse(process.argv[2] ?? '[]');
const results: CallResult[] = [];
for (const { name, bundle, environment, event } of calls) {
  const read = new Set<string>();
  process.env = new Proxy(
    { ...environment, POWERTOOLS_DEV: 'false', POWERTOOLS_LOG_LEVEL: 'SILENT' } as NodeJS.ProcessEnv,
    {
      get(target, variable) {
        read.add(String(variable));
        return target[String(variable)];
      },
    },
  );
  const { handler } = await import(bundle);
  try {
    const answer: unknown = await handler(event);
    results.push({ name, answer, read: [...read] });
  } catch (error) {
    results.push({ name, read: [...read], error: String(error) });
  }
}
console.log(JSON.stringify(results));
