import { z } from 'zod';

/** An AWS::Lambda::EventSourceMapping: a stream whose records a Lambda receives in batches. */
export interface EventSourceModel {
  /** Name of the table whose stream it is. */
  readonly table: string;
  /** Name or ARN of the Lambda, with its alias. */
  readonly functionRef: string;
  /** The Lambda's name alone. */
  readonly functionName: string;
  readonly batchSize: number;
  /** A record passes when one of the patterns matches it; without any, all pass. */
  readonly filters: readonly unknown[];
  /** How often a record is tried again before it is given up. */
  readonly retryAttempts: number;
  readonly bisectOnError: boolean;
  readonly reportsFailures: boolean;
  /** Queue that is told of records that were given up. */
  readonly onFailure: string | undefined;
}

const mappingSchema = z.looseObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  BatchSize: z.coerce.number().default(100),
  FilterCriteria: z.object({ Filters: z.array(z.object({ Pattern: z.string() })) }).optional(),
  MaximumRetryAttempts: z.coerce.number().default(-1),
  BisectBatchOnFunctionError: z.boolean().default(false),
  FunctionResponseTypes: z.array(z.string()).default([]),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }) }).optional(),
});

/** @throws Error on a source that is no DynamoDB stream: the runtime feeds no other */
export function readEventSource(properties: unknown): EventSourceModel {
  const given = mappingSchema.parse(properties);
  const table = /:dynamodb:[^:]*:[^:]*:table\/([^/]+)\/stream\//.exec(given.EventSourceArn)?.[1];
  if (table === undefined) {
    throw new Error(`The local runtime cannot feed a Lambda from ${given.EventSourceArn}.`);
  }
  const endless = given.MaximumRetryAttempts < 0;
  return {
    table,
    functionRef: given.FunctionName,
    functionName: bareName(given.FunctionName),
    batchSize: given.BatchSize,
    filters: (given.FilterCriteria?.Filters ?? []).map(({ Pattern }): unknown => JSON.parse(Pattern)),
    retryAttempts: endless ? Number.POSITIVE_INFINITY : given.MaximumRetryAttempts,
    bisectOnError: given.BisectBatchOnFunctionError,
    reportsFailures: given.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    onFailure: given.DestinationConfig?.OnFailure.Destination,
  };
}

/** `name`, `name:alias`, or an ARN that ends in one of them. */
function bareName(functionRef: string): string {
  return functionRef.replace(/^arn:.*:function:/, '').replace(/:.*$/, '');
}
