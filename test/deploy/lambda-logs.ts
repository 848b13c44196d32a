import { z } from 'zod';
import { callAws, jsonCall } from './aws.ts';

const groupsSchema = z.object({
  logGroups: z.array(z.object({ logGroupName: z.string() })),
  nextToken: z.string().optional(),
});
const eventsSchema = z.object({
  events: z.array(z.object({ timestamp: z.number(), message: z.string() })),
  nextToken: z.string().optional(),
});

export interface LogLine {
  readonly group: string;
  readonly message: string;
}

/** Everything that the deployed Lambdas have logged, in the order of time within each group. */
export async function readLogs(endpoint: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (const group of await logGroups(endpoint)) {
    let nextToken: string | undefined;
    do {
      const input = { logGroupName: group, nextToken };
      const text = await callAws(endpoint, jsonCall('logs', 'Logs_20140328.FilterLogEvents', input));
      const page = eventsSchema.parse(JSON.parse(text));
      lines.push(...page.events.map(({ message }) => ({ group, message: message.trimEnd() })));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return lines;
}

const entrySchema = z.object({ level: z.string() });

/** Errors that Lambdas logged: where, and the line. Whatever the journey breaks on purpose is a warning at most. */
export function errorsIn(lines: readonly LogLine[]): string[] {
  return lines.flatMap(({ group, message }) => {
    const entry = entrySchema.safeParse(parse(message));
    const isError = entry.success && ['ERROR', 'CRITICAL'].includes(entry.data.level);
    return isError ? [`${group}: ${message.slice(0, 500)}`] : [];
  });
}

/** Rights that a role lacked, each once: who, and what AWS said. */
export function denials(lines: readonly LogLine[]): string[] {
  const found = lines.flatMap(({ group, message }) => {
    const refusal = /is not authorized to perform: [^"\n\\]+/.exec(message)?.[0];
    if (refusal === undefined && !message.includes('AccessDenied')) return [];
    return [`${group} ${refusal ?? message.slice(0, 300)}`];
  });
  return [...new Set(found)].sort();
}

async function logGroups(endpoint: string): Promise<string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const text = await callAws(endpoint, jsonCall('logs', 'Logs_20140328.DescribeLogGroups', { nextToken }));
    const page = groupsSchema.parse(JSON.parse(text));
    names.push(...page.logGroups.map(({ logGroupName }) => logGroupName));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return names;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
