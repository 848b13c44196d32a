import * as z from 'zod';
import { failureCodes } from './order.ts';

/** Why a checkout or a reversal ends without a paid order: a failure, or what a person asked for. */
export const endingCodeSchema = z.enum([...failureCodes, 'cancelled', 'refunded']);

/** What the state machines carry along from the step that went wrong to the ones that tell about it. */
export const endingSchema = z.object({
  code: endingCodeSchema,
  /** A fault of ours: the execution ends in Fail. */
  system: z.boolean(),
});
export type Ending = z.infer<typeof endingSchema>;

/** The last part of the names of events, notifications and audit entries about this end. */
export function endingName(code: string | undefined): 'failed' | 'cancelled' | 'refunded' {
  return code === 'cancelled' || code === 'refunded' ? code : 'failed';
}
