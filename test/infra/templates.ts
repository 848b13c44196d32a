import { type StageName, stageNames } from '../../lib/stage-settings.ts';
import { type CloudFormationTemplate, type StageTemplates, synthesizeStage } from '../../lib/synthesize.ts';

export { type StageName, stageNames };

/** All channels, each with a sender: what a stage may leave out is looked at, too. */
export const allChannels = {
  email: { from: 'Shop <orders@shop.example>', identity: 'shop.example' },
  sms: { type: 'Transactional', senderId: 'SHOP' },
  push: { applicationArn: 'arn:aws:sns:us-east-1:123456789012:app/GCM/Shop' },
} as const;

const cache = new Map<StageName, StageTemplates>();

/** The templates of a stage with every channel, synthesized once for each test file. */
export function templatesOf(stage: StageName): StageTemplates {
  const templates = cache.get(stage) ?? synthesizeStage(stage, { settings: { notifications: allChannels } });
  cache.set(stage, templates);
  return templates;
}

export interface Resource {
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any property of any resource
  readonly properties: any;
  readonly deletionPolicy: unknown;
}

export function resources(template: CloudFormationTemplate, type?: string): Resource[] {
  return Object.entries(template.Resources)
    .map(([id, resource]) => ({
      id,
      type: resource.Type,
      properties: resource.Properties,
      deletionPolicy: resource.DeletionPolicy,
    }))
    .filter((resource) => type === undefined || resource.type === type);
}

/** The one resource of a type whose id contains a text; anything else is an error. */
export function resource(template: CloudFormationTemplate, type: string, idPart = ''): Resource {
  const found = resources(template, type).filter(({ id }) => id.includes(idPart));
  if (found.length !== 1 || !found[0]) {
    throw new Error(`${found.length} resources of ${type} with "${idPart}" in their id, not one`);
  }
  return found[0];
}

/** An expression of the template as text: `{ "Ref": "X" }` is `<X>`, an attribute `<X.Arn>`, an import `<export name>`. */
export function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[intrinsic, argument] = []] = Object.entries(value);
  if (intrinsic === 'Ref' || intrinsic === 'Fn::ImportValue') return `<${argument}>`;
  if (intrinsic === 'Fn::GetAtt') return `<${argument.join('.')}>`;
  if (intrinsic === 'Fn::Join') return argument[1].map(text).join(argument[0]);
  if (intrinsic === 'Fn::Sub') return argument;
  if (intrinsic === 'Fn::Select') return `<part of ${text(argument[1]['Fn::Split'][1])}>`;
  throw new Error(`An expression that these tests do not know: ${JSON.stringify(value)}`);
}

/** Logical id that a `Ref`, or the part of a `Fn::GetAtt` before the attribute, names. */
export function refIn(value: unknown): string {
  return text(value).replace(/^<([^.>]+)[^>]*>$/, '$1');
}

/**
 * Ids of all that CloudFormation makes before a resource: what it depends on or refers to, in its update policy too,
 * and what that needs in turn.
 */
export function neededBy(template: CloudFormationTemplate, id: string): Set<string> {
  const needed = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const needing = template.Resources[next];
    if (!needing) continue;
    const named = [...list(needing.DependsOn), ...references([needing.Properties, needing.UpdatePolicy])];
    for (const other of named) {
      if (!(other in template.Resources) || needed.has(other)) continue;
      needed.add(other);
      waiting.push(other);
    }
  }
  return needed;
}

/** What the expressions within a value name; `Fn::Sub` is not used with names in its text. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref' && typeof inner === 'string') return [inner];
    if (key === 'Fn::GetAtt' && Array.isArray(inner)) return [String(inner[0])];
    return references(inner);
  });
}

export function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Lambdas of the backend by the name of their folder. */
export function lambdas(template: CloudFormationTemplate): Map<string, Resource> {
  return new Map(
    resources(template, 'AWS::Lambda::Function').map((lambda) => [
      lambda.properties.Environment.Variables.POWERTOOLS_SERVICE_NAME,
      lambda,
    ]),
  );
}

/** The alias that callers of a Lambda call, as `text` shows it. */
export function liveAlias(template: CloudFormationTemplate, name: string): string {
  const lambda = lambdas(template).get(name);
  if (!lambda) throw new Error(`There is no Lambda ${name}`);
  const aliases = resources(template, 'AWS::Lambda::Alias').filter(
    ({ properties }) => text(properties.FunctionName) === `<${lambda.id}>`,
  );
  if (aliases.length !== 1 || !aliases[0]) throw new Error(`${name} has ${aliases.length} aliases, not one`);
  return `<${aliases[0].id}>`;
}

/** Environment of a Lambda, with every expression as text. */
export function environmentOf(lambda: Resource): Record<string, string> {
  const variables = Object.entries(lambda.properties.Environment.Variables);
  return Object.fromEntries(variables.map(([name, value]) => [name, text(value)]));
}

export interface Statement {
  readonly policy: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions: unknown;
}

/** Every statement of every identity policy, of one role if told, whether it stands by itself or within its role. */
export function statements(template: CloudFormationTemplate, roleId?: string): Statement[] {
  const apart = resources(template, 'AWS::IAM::Policy').map(({ id, properties }) => ({
    id,
    roles: properties.Roles.map(text),
    document: properties.PolicyDocument,
  }));
  const within = resources(template, 'AWS::IAM::Role').flatMap(({ id, properties }) =>
    (properties.Policies ?? []).map((policy: { PolicyDocument: unknown }) => ({
      id,
      roles: [`<${id}>`],
      document: policy.PolicyDocument,
    })),
  );
  return [...apart, ...within]
    .filter(({ roles }) => !roleId || roles.includes(`<${roleId}>`))
    .flatMap(({ id, document }) =>
      document.Statement.map(
        (statement: { Action: string | string[]; Resource: unknown; Condition?: unknown }) => ({
          policy: id,
          actions: list(statement.Action),
          resources: list(statement.Resource).map(text),
          conditions: statement.Condition,
        }),
      ),
    );
}
