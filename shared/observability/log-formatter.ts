import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import * as z from 'zod';
import { safeMessage, safeStack } from './safe-error.ts';

const awsFaultSchema = z.object({
  $metadata: z.object({ httpStatusCode: z.number().optional(), requestId: z.string().optional() }).optional(),
  CancellationReasons: z.array(z.object({ Code: z.string().optional() })).optional(),
  code: z.union([z.string(), z.number()]).optional(),
});

/**
 * Writes errors without what they carry along: a failed condition of DynamoDB has the whole item on it, a parser's
 * error quotes its input. Name, message, stack, cause and a few codes are left.
 */
export class SafeLogFormatter extends LogFormatter {
  override formatAttributes(given: UnformattedAttributes, additional: LogAttributes): LogItem {
    const attributes = {
      level: given.logLevel,
      message: given.message,
      timestamp: this.formatTimestamp(given.timestamp),
      service: given.serviceName,
      xray_trace_id: given.xRayTraceId,
    };
    return new LogItem({ attributes }).addAttributes(additional);
  }

  override formatError(error: Error): LogAttributes {
    return {
      name: error.name,
      location: this.getCodeLocation(error.stack),
      message: safeMessage(error),
      stack: safeStack(error),
      ...codesOf(error),
      ...(error.cause instanceof Error ? { cause: this.formatError(error.cause) } : {}),
    };
  }
}

function codesOf(error: Error): LogAttributes {
  const fault = awsFaultSchema.safeParse(error).data;
  if (!fault) return {};
  const { $metadata, CancellationReasons: reasons, code } = fault;
  return {
    ...(code === undefined ? {} : { code }),
    ...($metadata?.httpStatusCode === undefined ? {} : { httpStatusCode: $metadata.httpStatusCode }),
    ...($metadata?.requestId === undefined ? {} : { awsRequestId: $metadata.requestId }),
    ...(reasons ? { cancellationReasons: reasons.map(({ Code = 'None' }) => Code) } : {}),
  };
}
