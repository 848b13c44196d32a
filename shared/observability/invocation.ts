import * as z from 'zod';

const contextSchema = z.object({ awsRequestId: z.string() });

/**
 * Lambda's own id of an invocation, which Lambda's own lines have: of one that was killed nothing else is written.
 * On our lines it is `lambdaRequestId`, since `requestId` is the API's. Undefined for a call that is no Lambda's.
 */
export function lambdaRequestIdOf(context: unknown): string | undefined {
  return contextSchema.safeParse(context).data?.awsRequestId;
}
