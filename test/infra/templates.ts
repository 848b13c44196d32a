import { type StageName, stageNames } from '../../lib/stage-settings.ts';
import { type CloudFormationTemplate, type StageTemplates, synthesizeStage } from '../../lib/synthesize.ts';

export { stageNames };

const cache = new Map<StageName, StageTemplates>();

/** The templates of a stage, synthesized once for each test file. */
export function templatesOf(stage: StageName): StageTemplates {
  const templates = cache.get(stage) ?? synthesizeStage(stage);
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

/** Every statement of every identity policy, of one role if told. */
export function statements(template: CloudFormationTemplate, roleId?: string): Statement[] {
  return resources(template, 'AWS::IAM::Policy')
    .filter(
      ({ properties }) => !roleId || properties.Roles.some((role: unknown) => text(role) === `<${roleId}>`),
    )
    .flatMap(({ id, properties }) =>
      properties.PolicyDocument.Statement.map(
        (statement: { Action: string | string[]; Resource: unknown; Condition?: unknown }) => ({
          policy: id,
          actions: list(statement.Action),
          resources: list(statement.Resource).map(text),
          conditions: statement.Condition,
        }),
      ),
    );
}
