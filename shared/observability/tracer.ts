import { Tracer } from '@aws-lambda-powertools/tracer';
import { safeError } from './safe-error.ts';

export const tracer = new Tracer({ captureHTTPsRequests: true });

/**
 * Runs a handler's body in its own X-Ray subsegment, so that the calls it makes hang under it.
 * A plain call when tracing is off (local runs, tests).
 */
export async function traced<T>(name: string, body: () => Promise<T>): Promise<T> {
  const parent = tracer.isTracingEnabled() ? tracer.getSegment() : undefined;
  if (!parent) {
    return body();
  }
  const subsegment = parent.addNewSubsegment(`## ${name}`);
  tracer.setSegment(subsegment);
  try {
    return await body();
  } catch (error) {
    // A trace is kept, and shown to whoever may read traces.
    tracer.addErrorAsMetadata(safeError(error instanceof Error ? error : new Error(String(error))));
    throw error;
  } finally {
    subsegment.close();
    tracer.setSegment(parent);
  }
}
