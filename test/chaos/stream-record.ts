import { marshall } from '@aws-sdk/util-dynamodb';
import type { Change } from './aws/memory-dynamo.ts';

/** A record of a table's stream as Lambda hands it over. */
export interface StreamRecord {
  readonly dynamodb: { readonly SequenceNumber: string };
}

/** A change as the stream of a table tells it. @param now milliseconds since 1970 */
export function toRecord(
  { keys, eventName, oldImage, newImage, sequence }: Change,
  now: number,
): StreamRecord {
  const record = {
    eventName,
    eventSource: 'aws:dynamodb',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(now / 1_000),
      SequenceNumber: String(sequence).padStart(21, '0'),
      Keys: marshall(keys),
      ...(oldImage ? { OldImage: marshall(oldImage) } : {}),
      ...(newImage ? { NewImage: marshall(newImage) } : {}),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
  return record;
}
