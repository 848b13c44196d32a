import type { RequestUnits } from './dynamodb/counting-proxy.ts';

/** What a stack has done so far; tests take the difference around what they measure. */
export interface RuntimeCounters {
  /** Lambda invocations by short name. */
  invocations(): Readonly<Record<string, number>>;
  /** DynamoDB calls by operation; empty without `countDynamoDb`. */
  dynamoDbCalls(): Readonly<Record<string, number>>;
  /** Capacity units that the engine reports as consumed; 0 without `countDynamoDb`. */
  dynamoDbCapacity(): number;
  dynamoDbUnits(): RequestUnits;
  /** The same of the Lambdas behind streams alone, which the two above leave out. */
  streamDynamoDbCalls(): Readonly<Record<string, number>>;
  streamDynamoDbCapacity(): number;
  streamDynamoDbUnits(): RequestUnits;
  /** How long the Lambdas have worked, by short name. */
  lambdaMilliseconds(): Readonly<Record<string, number>>;
  /** Calls of the other AWS services, e.g. `SNS.Publish`. */
  awsCalls(): Readonly<Record<string, number>>;
  /** State transitions (states entered) over all executions. */
  transitions(): number;
}
