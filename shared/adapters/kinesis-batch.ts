import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { type AnalyticsEvent, recordOf } from '../analytics/event.ts';
import type { AnalyticsBatch } from '../analytics/ui-events.ts';
import { TransientError } from '../errors.ts';
import { awsCall } from './aws-faults.ts';
import { createKinesisClient } from './kinesis-client.ts';

const attempts = 3;
const backOffMilliseconds = 50;

/** PutRecords takes some and refuses others, without saying so by an exception; the refused are sent again. */
export function createKinesisBatch(
  streamName: string,
  sleep: (milliseconds: number) => Promise<void>,
  client = createKinesisClient(),
): AnalyticsBatch {
  return {
    async putAll(events) {
      let open = events.map(toRecord);
      for (let attempt = 1; open.length > 0; attempt += 1) {
        if (attempt > attempts) throw new TransientError(`Kinesis did not take ${open.length} events`);
        if (attempt > 1) await sleep(backOffMilliseconds * 2 ** attempt);
        const command = new PutRecordsCommand({ StreamName: streamName, Records: open });
        const { Records: answers = [] } = await awsCall('Kinesis', () => client.send(command));
        open = open.filter((_, index) => answers[index]?.ErrorCode !== undefined);
      }
    },
  };
}

function toRecord(event: AnalyticsEvent) {
  return {
    PartitionKey: event.userId ?? event.eventId,
    Data: Buffer.from(recordOf(event)),
  };
}
