import type { CloudFormationTemplate } from '../../lib/synthesize.ts';
import { list, resources, text } from './templates.ts';

/** A statement of any policy document of a template, wherever it stands in whichever resource. */
export interface PolicyStatement {
  /** `AWS::IAM::Policy UserRolePolicy`. */
  readonly of: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** Empty in a trust policy, which is about the role that it belongs to. */
  readonly resources: readonly string[];
  /** `*`, a service, an ARN; empty in the policy of a role. */
  readonly principals: readonly string[];
  readonly condition: string;
}

interface RawStatement {
  readonly Effect: string;
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Principal?: string | Record<string, unknown>;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}

/** Every statement of every policy document: of roles, keys, queues, topics, buckets and whatever else has one. */
export function policyStatements(template: CloudFormationTemplate): PolicyStatement[] {
  return resources(template).flatMap(({ id, type, properties }) =>
    rawStatements(properties).map((raw) => {
      if (raw.NotAction || raw.NotResource || raw.NotPrincipal) {
        throw new Error(`${type} ${id} says what it does not grant: write down what it does`);
      }
      return {
        of: `${type} ${id}`,
        effect: raw.Effect,
        actions: list(raw.Action),
        resources: list(raw.Resource).map(text),
        principals: principalsOf(raw.Principal),
        condition: JSON.stringify(raw.Condition ?? {}),
      };
    }),
  );
}

function principalsOf(principal: RawStatement['Principal']): string[] {
  if (principal === undefined) return [];
  if (typeof principal === 'string') return [principal];
  return Object.values(principal).flatMap((one) => list(one as unknown[]).map(text));
}

function rawStatements(value: unknown): RawStatement[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('Statement' in value && Array.isArray(value.Statement)) return value.Statement as RawStatement[];
  return Object.values(value).flatMap(rawStatements);
}

/** Something that a statement does not name one by one, told for each action that it is about. */
export interface Wildcard {
  readonly statement: PolicyStatement;
  readonly action: string;
  /** e.g. `action kms:*`, `resource *`, `principal *`. */
  readonly found: string;
}

/** The wildcards of a statement. Those in its condition only narrow it. */
export function wildcards(statement: PolicyStatement): Wildcard[] {
  const isWild = (value: string) => /[*?]/.test(value);
  const { actions, resources: named, principals } = statement;
  return actions.flatMap((action) =>
    [
      ...(isWild(action) ? [`action ${action}`] : []),
      ...named.filter(isWild).map((resource) => `resource ${resource}`),
      ...principals.filter(isWild).map((principal) => `principal ${principal}`),
    ].map((found) => ({ statement, action, found })),
  );
}
