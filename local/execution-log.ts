import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { ExecutionRecord } from './step-functions/execution-record.ts';

const recordSchema = z.object({
  arn: z.string(),
  stateMachineArn: z.string(),
  name: z.string(),
  input: z.string(),
  startedAt: z.coerce.date(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  stoppedAt: z.coerce.date().optional(),
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  events: z.array(
    z.looseObject({ id: z.number(), previousEventId: z.number(), timestamp: z.number(), type: z.string() }),
  ),
  transitions: z.number(),
});

/** Keeps execution records in a file of JSON lines, the last line of an execution being the true one. */
export class ExecutionLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  append(record: ExecutionRecord): void {
    appendFileSync(this.#path, `${JSON.stringify(record)}\n`);
  }

  /** Every execution on file, oldest first; rewrites the file without the lines that later ones replaced. */
  read(): ExecutionRecord[] {
    if (!existsSync(this.#path)) return [];
    const records = new Map<string, ExecutionRecord>();
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
      const record = line === '' ? undefined : parseLine(line);
      if (record) records.set(record.arn, record);
    }
    const draft = `${this.#path}.new`;
    writeFileSync(draft, [...records.values()].map((record) => `${JSON.stringify(record)}\n`).join(''));
    renameSync(draft, this.#path);
    return [...records.values()];
  }
}

/** The last line may be half written when the process was killed. */
function parseLine(line: string): ExecutionRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
