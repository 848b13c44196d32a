import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { type AnalyticsEvent, type AnalyticsStream, recordOf } from '../analytics/event.ts';
import { awsCall } from './aws-faults.ts';
import { createKinesisClient } from './kinesis-client.ts';

/** The analytics stream. One order's, product's or user's events keep their order, as they share a partition key. */
export function createKinesisStream(streamName: string, client = createKinesisClient()): AnalyticsStream {
  return {
    async put(event: AnalyticsEvent) {
      const command = new PutRecordCommand({
        StreamName: streamName,
        PartitionKey: event.orderId ?? event.productId ?? event.userId ?? event.eventId,
        Data: Buffer.from(recordOf(event)),
      });
      await awsCall('Kinesis', () => client.send(command));
    },
  };
}
