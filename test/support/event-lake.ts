import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type EventColumn, eventColumns, partitionColumn } from '../../lib/constructs/event-columns.ts';
import { type AnalyticsEvent, recordOf } from '../../shared/analytics/event.ts';

/** An event and the day on which it came to Firehose. */
export interface Arrival {
  readonly day: string;
  readonly event: AnalyticsEvent;
}

type Cell = string | number | null;

const types: Readonly<Record<EventColumn['type'], string>> = {
  string: 'VARCHAR',
  bigint: 'BIGINT',
  'map<string,string>': 'MAP(VARCHAR, VARCHAR)',
};

/** Files as Firehose would have written them, by the Glue table's columns and in its folders, and a reader of them. */
export async function openEventLake(arrivals: readonly Arrival[]) {
  const folder = mkdtempSync(join(tmpdir(), 'events-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const records = join(folder, 'records.json');
  const files = join(folder, 'events');
  writeFileSync(records, arrivals.map(asFirehoseReads).join(''));
  const columns = [...eventColumns(), { name: partitionColumn, type: 'string' as const }];
  const struct = columns.map(({ name, type }) => `${name}: '${types[type]}'`).join(', ');
  await connection.run(
    `copy (select * from read_json('${records}', format = 'newline_delimited', columns = {${struct}}))
     to '${files}' (format parquet, compression snappy, partition_by (${partitionColumn}))`,
  );
  await connection.run(
    `create view events as select * from read_parquet('${files}/*/*.parquet',
     hive_partitioning = true, hive_types = {${partitionColumn}: varchar})`,
  );
  return {
    async ask(sql: string, ...values: string[]): Promise<Record<string, Cell>[]> {
      const rows = (await connection.runAndReadAll(sql, values)).getRowObjectsJS();
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
      );
    },
    close() {
      connection.closeSync();
      instance.closeSync();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Firehose lowers the names before it looks for their columns. */
function asFirehoseReads({ day, event }: Arrival): string {
  const members: [string, unknown][] = Object.entries(JSON.parse(recordOf(event)));
  const lowered = members.map(([name, value]) => [name.toLowerCase(), value]);
  return `${JSON.stringify({ ...Object.fromEntries(lowered), [partitionColumn]: day })}\n`;
}

function plain(value: unknown): Cell {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new Error(`A query answered a ${typeof value}, which Athena would show otherwise`);
}
