import {
  ConditionalCheckFailedException,
  InternalServerError,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { ExecutionAlreadyExists, ExecutionLimitExceeded, SFNServiceException } from '@aws-sdk/client-sfn';
import { KMSThrottlingException, NotFoundException, SNSServiceException } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { awsCall } from '../../../shared/adapters/aws-faults.ts';
import {
  cancellationReasons,
  conditionally,
  isConditionFailure,
  isTransientCancellation,
  transiently,
} from '../../../shared/adapters/dynamodb/faults.ts';
import { TransientError } from '../../../shared/errors.ts';

const parts = { message: 'fault', $metadata: {} };
const named = (name: string, over: object = {}) => Object.assign(new Error('fault'), { name, ...over });
const caught = (call: (fault: unknown) => Promise<unknown>) => async (fault: unknown) => {
  const error = await call(fault).catch((thrown: unknown) => thrown);
  return error;
};

describe('a call of an AWS service', () => {
  const call = caught((fault) => awsCall('SNS', () => Promise.reject(fault)));

  test('answers what the service answers', async () => {
    expect(await awsCall('SNS', async () => 42)).toBe(42);
  });

  test.each([
    [
      'a fault of the server',
      new SNSServiceException({ ...parts, name: 'InternalFailure', $fault: 'server' }),
    ],
    [
      'an answer 502 that the SDK has no name for',
      new SNSServiceException({
        message: 'UnknownError',
        name: 'UnknownError',
        $fault: 'client',
        $metadata: { httpStatusCode: 502 },
      }),
    ],
    ['a throttle', new SFNServiceException({ ...parts, name: 'ThrottlingException', $fault: 'client' })],
    ['a throttle of the key', new KMSThrottlingException(parts)],
    ['a limit that is reached for now', new ExecutionLimitExceeded(parts)],
    ['too many requests', named('TooManyRequestsException', { $fault: 'client' })],
    ['no answer in time', named('TimeoutError')],
    ['a broken connection', named('Error', { code: 'ECONNRESET' })],
    ['a name that cannot be resolved', named('Error', { code: 'EAI_AGAIN' })],
  ])('that met %s may be made again', async (_what, fault) => {
    const error = await call(fault);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ message: 'SNS could not do this now', cause: fault });
  });

  test.each([
    ['something that is not there', new NotFoundException(parts)],
    ['a name that is taken', new ExecutionAlreadyExists(parts)],
    ['a right that it lacks', named('AccessDeniedException', { $fault: 'client' })],
    ['a defect of ours', new TypeError('x is not a function')],
    ['what is not even an error', 'text'],
  ])('that met %s fails as it is', async (_what, fault) => {
    expect(await call(fault)).toBe(fault);
  });
});

describe('a call of DynamoDB', () => {
  const call = caught((fault) => transiently(() => Promise.reject(fault)));
  const cancelled = (...codes: (string | undefined)[]) =>
    new TransactionCanceledException({
      ...parts,
      CancellationReasons: codes.map((Code) => (Code === undefined ? {} : { Code })),
    });

  test.each([
    new ProvisionedThroughputExceededException(parts),
    new InternalServerError(parts),
    new TransactionConflictException(parts),
    named('ThrottlingException', { $fault: 'client' }),
    named('RequestLimitExceeded'),
    named('ServiceUnavailable'),
    named('TimeoutError'),
    named('Error', { code: 'ECONNREFUSED' }),
    named('Error', { code: 'EAI_AGAIN' }),
    cancelled('None', 'TransactionConflict', 'ThrottlingError'),
  ])('that met $name may be made again', async (fault) => {
    expect(await call(fault)).toMatchObject({ name: 'TransientError', cause: fault });
  });

  test.each([
    new ConditionalCheckFailedException(parts),
    new ResourceNotFoundException(parts),
    named('ValidationException', { $fault: 'client' }),
    named('AccessDeniedException', { $fault: 'client' }),
    cancelled('ConditionalCheckFailed', 'TransactionConflict'),
    cancelled('ValidationError'),
    new TransactionCanceledException(parts),
    'text',
    undefined,
  ])('that met something else fails as it is: %o', async (fault) => {
    expect(await call(fault)).toBe(fault);
  });

  test('tells a false condition from other faults', () => {
    expect(isConditionFailure(new ConditionalCheckFailedException(parts))).toBe(true);
    expect(isConditionFailure(new ResourceNotFoundException(parts))).toBe(false);
  });

  test('that writes under a condition tells whether it was true, and throws all else', async () => {
    const meets = (fault: unknown) => conditionally(() => Promise.reject(fault));
    expect(await conditionally(async () => ({}))).toBe(true);
    expect(await meets(new ConditionalCheckFailedException(parts))).toBe(false);
    await expect(meets(new InternalServerError(parts))).rejects.toBeInstanceOf(TransientError);
    await expect(meets(new ResourceNotFoundException(parts))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
  });

  test('gives the reasons of a cancelled transaction in the order of its actions', () => {
    const Item = { state: { S: 'HELD' } };
    const error = new TransactionCanceledException({
      ...parts,
      CancellationReasons: [{}, { Code: 'ConditionalCheckFailed', Item }],
    });
    expect(cancellationReasons(error)).toEqual([
      { code: 'None', item: undefined },
      { code: 'ConditionalCheckFailed', item: Item },
    ]);
    expect(cancellationReasons(new Error('another'))).toBeUndefined();
  });

  test('takes a cancellation for passing only when no condition was false', () => {
    const of = (...codes: string[]) =>
      isTransientCancellation(codes.map((code) => ({ code, item: undefined })));
    expect(of('None', 'TransactionConflict')).toBe(true);
    expect(of('ThrottlingError', 'ProvisionedThroughputExceeded')).toBe(true);
    expect(of('TransactionConflict', 'ConditionalCheckFailed')).toBe(false);
    expect(of('None')).toBe(false);
    expect(of()).toBe(false);
  });
});
