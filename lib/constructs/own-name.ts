import { Fn, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * A name that the same stack, once deleted and created again, does not make twice, e.g. `aws-waf-logs-1a2b3c4d`. For
 * what outlives its stack and to which CloudFormation cannot give a name by itself.
 */
export function ownName(scope: Construct, prefix: string): string {
  // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/1a2b3c4d-…
  const stackUuid = Fn.select(2, Fn.split('/', Stack.of(scope).stackId));
  return `${prefix}-${Fn.select(0, Fn.split('-', stackUuid))}`;
}
