import * as z from 'zod';

const awsFaultSchema = z.object({
  $metadata: z.object({ httpStatusCode: z.number().optional(), requestId: z.string().optional() }).optional(),
  CancellationReasons: z.array(z.object({ Code: z.string().optional() })).optional(),
  code: z.union([z.string(), z.number()]).optional(),
});

/** What may be written of an error's members: its code, AWS's answer to which request, why a transaction failed. */
export interface ErrorCodes {
  readonly code?: string | number;
  readonly httpStatusCode?: number;
  readonly awsRequestId?: string;
  readonly cancellationReasons?: string[];
}

export function codesOf(error: Error): ErrorCodes {
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
