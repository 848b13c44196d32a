import { ok } from 'node:assert/strict';
import { z } from 'zod';
import { readNamedQueries } from '../../lib/named-queries.ts';
import { callAws, jsonCall } from './aws.ts';
import type { DeployedStage } from './deployed-stage.ts';
import type { Emulator } from './emulator.ts';
import type { Report } from './report.ts';
import { runDays } from './run-days.ts';
import { eventually } from './shopper.ts';

const stateSchema = z.object({
  QueryExecution: z.object({
    Status: z.object({ State: z.string(), StateChangeReason: z.string().optional() }),
  }),
});

/** The named queries over the files that Firehose wrote, in the stage's workgroup and catalogue. */
export async function checkQueries(
  report: Report,
  stage: DeployedStage,
  { endpoint }: Emulator,
): Promise<void> {
  const athena = async (operation: string, input: object): Promise<unknown> =>
    JSON.parse(await callAws(endpoint, jsonCall('athena', `AmazonAthena.${operation}`, input)));

  for (const { name, sql } of readNamedQueries()) {
    await report.check(`${stage.name}: Athena answers the named query ${name}`, async () => {
      const started = await athena('StartQueryExecution', {
        // The emulator takes no parameters.
        QueryString: runDays().reduce((text, day) => text.replace('?', `'${day}'`), sql),
        QueryExecutionContext: { Database: stage.output('backend', 'AnalyticsDatabaseName') },
        WorkGroup: stage.output('backend', 'AnalyticsWorkGroupName'),
      });
      const { QueryExecutionId } = z.object({ QueryExecutionId: z.string() }).parse(started);
      await eventually('the end of the query', async () => {
        const { QueryExecution } = stateSchema.parse(await athena('GetQueryExecution', { QueryExecutionId }));
        const { State, StateChangeReason = '' } = QueryExecution.Status;
        if (State === 'FAILED' || State === 'CANCELLED') throw new Error(`${State}: ${StateChangeReason}`);
        return { found: State === 'SUCCEEDED' || undefined, seen: State };
      });
      const results = z
        .object({ ResultSet: z.object({ Rows: z.array(z.unknown()) }) })
        .parse(await athena('GetQueryResults', { QueryExecutionId }));
      ok(results.ResultSet.Rows.length > 1 || name === 'low-stock', 'there is nothing but the heading');
    });
  }
}
