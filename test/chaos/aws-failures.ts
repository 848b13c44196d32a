import {
  InternalServerError,
  ProvisionedThroughputExceededException,
  RequestLimitExceeded,
  ThrottlingException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import type { Rng } from './random.ts';

const $metadata = { httpStatusCode: 500, attempts: 3 };
type Kind = 'refused' | 'unanswered' | 'conflict';

/** What the SDK throws once its own tries are used up, for a service other than DynamoDB. */
export function serviceFailure(kind: Kind, rng: Rng): Error {
  if (kind === 'unanswered') return rng.pick(connectionFailures)();
  return rng.pick([throttle, unavailable, ...connectionFailures])();
}

/** The same of DynamoDB, by the command's name. */
export function dynamoFailure(
  operation: string,
  input: Readonly<Record<string, unknown>>,
  kind: Kind,
  rng: Rng,
): Error {
  const isTransaction = operation === 'TransactWrite';
  if (kind === 'unanswered') {
    return rng.pick([
      ...connectionFailures,
      () => new InternalServerError({ message: 'Internal', $metadata }),
    ])();
  }
  if (kind === 'conflict' && isTransaction) {
    if (rng.chance(0.3))
      return new TransactionInProgressException({
        message: 'In progress',
        Message: 'In progress',
        $metadata,
      });
    return cancelled(input, rng.chance(0.8) ? 'TransactionConflict' : 'ThrottlingError', rng);
  }
  if (kind === 'conflict' && /Put|Update|Delete/.test(operation)) {
    return new TransactionConflictException({ message: 'Transaction is ongoing for the item', $metadata });
  }
  return rng.pick<() => Error>([
    ...connectionFailures,
    () => new ThrottlingException({ message: 'Rate exceeded', $metadata }),
    () => new ProvisionedThroughputExceededException({ message: 'Exceeded', $metadata }),
    () => new RequestLimitExceeded({ message: 'Exceeded', $metadata }),
    () => new InternalServerError({ message: 'Internal', $metadata }),
  ])();
}

/** A cancellation that blames one action and finds no fault with the others. */
function cancelled(input: Readonly<Record<string, unknown>>, code: string, rng: Rng): Error {
  const actions = Array.isArray(input.TransactItems) ? input.TransactItems.length : 1;
  const blamed = rng.int(actions);
  return new TransactionCanceledException({
    message: `Transaction cancelled [${code}]`,
    $metadata,
    CancellationReasons: Array.from({ length: actions }, (_, index) => ({
      Code: index === blamed ? code : 'None',
    })),
  });
}

const connectionFailures = [
  () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
  () => Object.assign(new Error('Connection timed out after 3000 ms'), { name: 'TimeoutError' }),
];
const throttle = () =>
  Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $fault: 'client' });
const unavailable = () =>
  Object.assign(new Error('Unavailable'), { name: 'ServiceUnavailable', $fault: 'server' });
