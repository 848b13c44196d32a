import type { AuthorizerContext } from '../api/gateway-event.ts';

/** What an authorizer Lambda answers to API Gateway (REST, REQUEST type). */
export interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly {
      Action: 'execute-api:Invoke';
      Effect: 'Allow' | 'Deny';
      Resource: string;
    }[];
  };
  /** Reaches the API Lambdas as `requestContext.authorizer`; API Gateway takes flat values only. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * Lets a good token through to the whole stage. The gateway keeps the answer per token, so a policy for the
 * one method that happened to be called first would refuse the caller's next route; roles are the
 * dispatcher's to check.
 * @param methodArn arn:aws:execute-api:region:account:api/stage/METHOD/path
 */
export function authorizerAnswer(methodArn: string, token: AuthorizerContext | undefined): AuthorizerAnswer {
  const [api = '', stage = ''] = methodArn.split('/');
  const Resource = `${api}/${stage}/*`;
  if (!token) {
    return { principalId: 'unknown', policyDocument: policy('Deny', Resource) };
  }
  const { userId, role, tokenExpiresAt } = token;
  return {
    principalId: userId,
    policyDocument: policy('Allow', Resource),
    context: { userId, role, tokenExpiresAt: String(tokenExpiresAt) },
  };
}

function policy(Effect: 'Allow' | 'Deny', Resource: string): AuthorizerAnswer['policyDocument'] {
  return { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] };
}
