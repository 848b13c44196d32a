import {
  ConditionalCheckFailedException,
  type DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { startMemoryDynamo } from './memory-engine.ts';

const tables = ['orders', 'inventory', 'insights', 'idempotency'] as const;

interface Backend {
  readonly name: string;
  /** The engine, which the store of this process is held against. */
  readonly isReference: boolean;
  start(): Promise<TestDynamo>;
}

/** Both that a test of the contract runs against. */
export const backends: readonly Backend[] = [
  {
    name: 'the store of this process',
    isReference: false,
    start: () => startMemoryDynamo(...tables),
  },
  {
    name: 'a DynamoDB engine over the wire',
    isReference: true,
    start: () => startDynamo(...tables),
  },
];

/** An answer or a refusal without what differs from call to call, and without what only people read. */
export async function outcome(call: Promise<object>): Promise<object> {
  try {
    const { $metadata: _, ...answer } = (await call) as { $metadata?: unknown };
    return withoutEmpty(answer);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return { refused: error.name, ...(error.Item ? { Item: unmarshall(error.Item) } : {}) };
    }
    if (error instanceof TransactionCanceledException) {
      const reasons = (error.CancellationReasons ?? []).map(({ Code, Item }) => ({
        Code,
        ...(Item ? { Item: unmarshall(Item) } : {}),
      }));
      return { refused: error.name, reasons };
    }
    if (!(error as Partial<DynamoDBServiceException>).$fault) throw error;
    return { refused: (error as Error).name };
  }
}

/** Engines may leave out what is empty. */
function withoutEmpty(answer: object): object {
  return Object.fromEntries(
    Object.entries(answer).filter(
      ([, value]) => value !== undefined && !(isPlain(value) && Object.keys(value).length === 0),
    ),
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
