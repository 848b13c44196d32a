import { z } from 'zod';
import type { InvocationResult } from '../lambda/protocol.ts';
import type { AuthorizerModel } from '../template/api-model.ts';
import type { Match } from './match.ts';
import { authorizerEvent, methodArn, type StageInfo } from './proxy-event.ts';
import type { GatewayRequest } from './request.ts';

export type Authorization =
  | { readonly allowed: true; readonly context: Readonly<Record<string, string>> }
  /** The gateway response that tells why not. */
  | { readonly allowed: false; readonly response: string };

const oneOrMany = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const policySchema = z.object({
  principalId: z.coerce.string(),
  policyDocument: z.object({
    Statement: z.array(
      z.object({ Effect: z.enum(['Allow', 'Deny']), Action: oneOrMany, Resource: oneOrMany }),
    ),
  }),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
});
type Policy = z.output<typeof policySchema>;

interface CachedPolicy {
  readonly policy: Policy;
  readonly until: number;
}

/** Calls the REQUEST authorizer and caches its policies by the values of the identity source, as the gateway does. */
export function createAuthorizer(
  invoke: (functionArn: string, event: unknown) => Promise<InvocationResult>,
  stage: StageInfo,
  now: () => number,
): (model: AuthorizerModel, request: GatewayRequest, match: Match) => Promise<Authorization> {
  const cache = new Map<string, CachedPolicy>();

  return async (model, request, match) => {
    const identity = model.identityHeaders.map((name) => headerValue(request, name));
    if (identity.some((value) => !value)) return { allowed: false, response: 'UNAUTHORIZED' };
    const key = JSON.stringify([model.id, ...identity]);
    const cached = cache.get(key);
    if (cached && cached.until > now()) return decide(cached.policy, methodArn(request, stage));
    cache.delete(key);

    const result = await invoke(model.functionArn, authorizerEvent(request, match, stage));
    if (!result.ok) {
      const response = result.error.errorMessage === 'Unauthorized' ? 'UNAUTHORIZED' : 'AUTHORIZER_FAILURE';
      return { allowed: false, response };
    }
    const parsed = policySchema.safeParse(result.payload);
    if (!parsed.success) return { allowed: false, response: 'AUTHORIZER_CONFIGURATION_ERROR' };
    if (model.cacheSeconds > 0)
      cache.set(key, { policy: parsed.data, until: now() + model.cacheSeconds * 1000 });
    return decide(parsed.data, methodArn(request, stage));
  };
}

function headerValue(request: GatewayRequest, lowerCaseName: string): string | undefined {
  return Object.entries(request.headers).find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}

/** IAM's rule: any Deny wins, and without an Allow the answer is no. */
function decide({ principalId, policyDocument, context }: Policy, arn: string): Authorization {
  const effects = policyDocument.Statement.filter(
    ({ Action, Resource }) =>
      Action.some((pattern) => covers(pattern, 'execute-api:Invoke')) &&
      Resource.some((pattern) => covers(pattern, arn)),
  ).map(({ Effect }) => Effect);
  if (effects.includes('Deny') || !effects.includes('Allow'))
    return { allowed: false, response: 'ACCESS_DENIED' };
  const values = Object.entries(context ?? {}).map(([name, value]) => [name, String(value)]);
  return { allowed: true, context: { ...Object.fromEntries(values), principalId } };
}

function covers(pattern: string, value: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(value);
}
