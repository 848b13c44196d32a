import * as z from 'zod';

/** The process was started without a setting that it needs. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/**
 * Reads a Lambda's settings once, at cold start, so that a missing one fails the deploy's first
 * call with its name instead of some later customer's.
 * @throws EnvironmentError naming every variable that is missing or wrong
 */
export function readEnvironment<T extends z.ZodRawShape>(
  shape: T,
  source: Readonly<Record<string, string | undefined>> = process.env,
): z.output<z.ZodObject<T>> {
  const result = z.object(shape).safeParse(source);
  if (!result.success) {
    const wrong = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new EnvironmentError(`The environment is incomplete: ${wrong.join('; ')}`);
  }
  return result.data;
}

export const nonEmpty = z.string().min(1);
export const nonEmptyIfSet = nonEmpty.optional();
/** `"true"` or `"false"`, as CloudFormation hands booleans to a Lambda. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** A variable that holds JSON of a shape. */
export const jsonOf = <S extends z.ZodType>(schema: S) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('is not JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);
