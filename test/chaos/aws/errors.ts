import {
  type AttributeValue,
  type CancellationReason,
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  IdempotentParameterMismatchException,
  ResourceNotFoundException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Item } from './types.ts';

const $metadata = { httpStatusCode: 400, attempts: 1, totalRetryDelay: 0 };

/** What AWS refuses before it looks at an item. The SDK has no class for it. */
export function validation(message: string): DynamoDBServiceException {
  return new DynamoDBServiceException({
    name: 'ValidationException',
    $fault: 'client',
    message,
    $metadata: { ...$metadata },
  });
}

/** A write that does not suit the item or the table's keys: a refusal alone, a reason in a transaction. */
export class ItemFault extends Error {}

/** This store does not do everything that DynamoDB does; it says so instead of doing something else. */
export function unknownHere(what: string): Error {
  return new Error(`The DynamoDB of this process does not know ${what}`);
}

export function noSuchTable(): ResourceNotFoundException {
  return new ResourceNotFoundException({
    message: 'Requested resource not found',
    $metadata: { ...$metadata },
  });
}

export function conditionFailed(standing: Item | undefined): ConditionalCheckFailedException {
  return new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: { ...$metadata },
    ...(standing ? { Item: inAttributeForm(standing) } : {}),
  });
}

export function cancelled(reasons: CancellationReason[]): TransactionCanceledException {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return new TransactionCanceledException({
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    $metadata: { ...$metadata },
    CancellationReasons: reasons,
  });
}

export function otherParameters(): IdempotentParameterMismatchException {
  return new IdempotentParameterMismatchException({
    message: 'An error occurred: the client request token was used with other parameters',
    Message: 'An error occurred: the client request token was used with other parameters',
    $metadata: { ...$metadata },
  });
}

/** Errors carry items as they come over the wire; the document client translates answers alone. */
export function inAttributeForm(item: Item): Record<string, AttributeValue> {
  return marshall(item);
}
