import { z } from 'zod';

/** What a worker gets at its start. */
export interface WorkerSetup {
  /** `file:` URL of the bundle. */
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
}

/** Main thread to worker: one invocation. Events travel as JSON, as they do on AWS. */
export interface InvokeMessage {
  readonly id: number;
  readonly requestId: string;
  readonly eventJson: string;
  /** Epoch milliseconds at which the invocation is given up. */
  readonly deadline: number;
}

export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('result'), id: z.number(), resultJson: z.string() }),
  z.object({
    kind: z.literal('error'),
    /** Absent when the bundle itself could not be loaded. */
    id: z.number().optional(),
    errorType: z.string(),
    errorMessage: z.string(),
    trace: z.array(z.string()),
  }),
]);

export type WorkerAnswer = z.infer<typeof answerSchema>;

/** A failed invocation, in the shape that Lambda answers it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type InvocationResult =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly error: FunctionError };
