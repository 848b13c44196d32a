import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { codesOf } from './error-codes.ts';
import { safeMessage, safeStack } from './safe-error.ts';

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
      message: safeMessage(error),
      stack: safeStack(error),
      ...codesOf(error),
      ...(error.cause instanceof Error ? { cause: this.formatError(error.cause) } : {}),
    };
  }
}
