import * as z from 'zod';
import { DependencyUnavailableError } from '../../errors.ts';
import type { Auth0Response } from './http.ts';

// dbconnections answers {code, name}, oauth {error, error_description}, the Management API {errorCode}.
const refusalSchema = z.object({
  code: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
  errorCode: z.string().optional().catch(undefined),
});

/** Auth0 refused for a reason that no client of ours can help: a wrong setting of the tenant or of this stage. */
export class Auth0RefusalError extends Error {
  override readonly name = 'Auth0RefusalError';
}

export type Auth0Refusal = z.infer<typeof refusalSchema>;

export function refusalOf({ body }: Auth0Response): Auth0Refusal {
  const parsed = refusalSchema.safeParse(body);
  return parsed.success ? parsed.data : {};
}

/** Status and code only: descriptions can quote what the client sent. */
export function unexpectedRefusal(call: string, response: Auth0Response): Auth0RefusalError {
  const { code, error, errorCode } = refusalOf(response);
  return new Auth0RefusalError(
    `Auth0 refused ${call}: ${response.status} ${code ?? error ?? errorCode ?? ''}`,
  );
}

/**
 * The body of a success. One that is not as documented comes from something in between (a proxy's page, a
 * cut answer), which is an outage to us, not a defect; what it says is not quoted.
 * @throws DependencyUnavailableError
 */
export function readSuccess<T>(schema: z.ZodType<T>, call: string, response: Auth0Response): T {
  const parsed = schema.safeParse(response.body);
  if (!parsed.success) {
    const cause = new Auth0RefusalError(
      `Auth0 answered ${call} with ${response.status} and no readable body`,
    );
    throw new DependencyUnavailableError('Auth0', cause);
  }
  return parsed.data;
}
