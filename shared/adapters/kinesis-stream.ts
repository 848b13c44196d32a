import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import type { AnalyticsEvent, AnalyticsStream } from '../analytics/event.ts';
import { clientDefaults } from './aws-client.ts';
import { awsCall } from './aws-faults.ts';

/** The analytics stream. One order's or user's events keep their order, as they share a partition key. */
export function createKinesisStream(
  streamName: string,
  client = new KinesisClient(clientDefaults),
): AnalyticsStream {
  return {
    async put(event: AnalyticsEvent) {
      const command = new PutRecordCommand({
        StreamName: streamName,
        PartitionKey: event.orderId ?? event.userId ?? event.eventId,
        Data: Buffer.from(`${JSON.stringify(event)}\n`),
      });
      await awsCall('Kinesis', () => client.send(command));
    },
  };
}
