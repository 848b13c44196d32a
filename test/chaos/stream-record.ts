import { marshall } from '@aws-sdk/util-dynamodb';
import type { Change } from './aws/memory-dynamo.ts';

/** A change as the stream of a table tells it. */
export function toRecord({ keys, eventName, oldImage, newImage, sequence }: Change): unknown {
  return {
    eventName,
    eventSource: 'aws:dynamodb',
    dynamodb: {
      SequenceNumber: String(sequence).padStart(21, '0'),
      Keys: marshall(keys),
      ...(oldImage ? { OldImage: marshall(oldImage) } : {}),
      ...(newImage ? { NewImage: marshall(newImage) } : {}),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
}
