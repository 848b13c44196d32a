import * as z from 'zod';

/** `taskToken` is what a row has that was written before all tokens were kept. */
const waitingSchema = z.object({
  taskTokens: z.set(z.string()).optional(),
  taskToken: z.string().optional(),
});

/** All tokens of a row `WAITING#<userId>`, of which at most one still waits. */
export function tokensOf(row: Readonly<Record<string, unknown>>): readonly string[] {
  const { taskTokens, taskToken } = waitingSchema.parse(row);
  return [...(taskToken === undefined ? [] : [taskToken]), ...(taskTokens ?? [])];
}
