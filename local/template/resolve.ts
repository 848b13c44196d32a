import {
  localAccountId,
  localRegion,
  type NamingOptions,
  nameProperty,
  type PhysicalResource,
  parentProperty,
  physicalResource,
} from './names.ts';
import type { Template, Templates } from './template.ts';

/** Replaces CloudFormation's intrinsic functions in a value of the given stack by local names and ARNs. */
export type Resolve = (stack: string, value: unknown) => unknown;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Builds the resolver of a set of templates that may import each other's exports. Throws on what it cannot resolve. */
export function createResolver(templates: Templates, options: NamingOptions): Resolve {
  const physical = new Map<string, PhysicalResource>();

  const stackOf = (name: string): Template => {
    const template = templates[name];
    if (!template) throw new Error(`There is no stack ${name}.`);
    return template;
  };

  const locate = (stack: string, logicalId: string): PhysicalResource => {
    const key = `${stack}/${logicalId}`;
    const known = physical.get(key);
    if (known) return known;
    const resource = stackOf(stack).Resources[logicalId];
    if (!resource) throw new Error(`Stack ${stack} has no resource ${logicalId}.`);
    const given = resource.Properties[nameProperty[resource.Type] ?? ''];
    const ownName =
      given === undefined ? readableName(templates, resource.Type, logicalId) : String(resolve(stack, given));
    // An alias of a Lambda has its name within the Lambda's.
    const parent = resource.Properties[parentProperty[resource.Type] ?? ''];
    const name = parent === undefined ? ownName : `${String(resolve(stack, parent))}:${ownName}`;
    const made = physicalResource(resource.Type, name, options);
    physical.set(key, made);
    return made;
  };

  const ref = (stack: string, name: string): string => {
    switch (name) {
      case 'AWS::Region':
        return localRegion;
      case 'AWS::AccountId':
        return localAccountId;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
      case 'AWS::StackId':
        return stack;
    }
    const parameter = stackOf(stack).Parameters[name];
    if (parameter) return String(parameter.Default ?? name);
    return locate(stack, name).ref;
  };

  const attribute = (stack: string, logicalId: string, name: string): string =>
    locate(stack, logicalId).attributes[name] ?? `${logicalId}.${name}`;

  const imported = (exportName: string): unknown => {
    for (const [stack, template] of Object.entries(templates)) {
      for (const output of Object.values(template.Outputs)) {
        if (output.Export && resolve(stack, output.Export.Name) === exportName)
          return resolve(stack, output.Value);
      }
    }
    throw new Error(`No stack exports ${exportName}.`);
  };

  const substitute = (stack: string, text: string, variables: Record<string, unknown>): string =>
    text.replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
      if (name in variables) return String(resolve(stack, variables[name]));
      const [logicalId = '', ...rest] = name.split('.');
      return rest.length > 0 ? attribute(stack, logicalId, rest.join('.')) : ref(stack, name);
    });

  const intrinsic = (stack: string, name: string, argument: unknown): unknown => {
    const list = Array.isArray(argument) ? argument : [];
    switch (name) {
      case 'Ref':
        return argument === 'AWS::NoValue' ? undefined : ref(stack, String(argument));
      case 'Fn::GetAtt': {
        const [logicalId = '', ...rest] = list.length > 0 ? list.map(String) : String(argument).split('.');
        return attribute(stack, logicalId, rest.join('.'));
      }
      case 'Fn::ImportValue':
        return imported(String(resolve(stack, argument)));
      case 'Fn::Join': {
        const parts = resolve(stack, list[1]);
        return Array.isArray(parts) ? parts.join(String(list[0])) : '';
      }
      case 'Fn::Select': {
        const values = resolve(stack, list[1]);
        return Array.isArray(values) ? values[Number(list[0])] : undefined;
      }
      case 'Fn::Split':
        return String(resolve(stack, list[1])).split(String(list[0]));
      case 'Fn::Sub':
        return typeof argument === 'string'
          ? substitute(stack, argument, {})
          : substitute(stack, String(list[0]), isRecord(list[1]) ? list[1] : {});
      default:
        throw new Error(`The local runtime cannot resolve ${name}.`);
    }
  };

  const resolve: Resolve = (stack, value) => {
    if (Array.isArray(value)) return value.map((item) => resolve(stack, item));
    if (!isRecord(value)) return value;
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first && (first[0] === 'Ref' || first[0].startsWith('Fn::')))
      return intrinsic(stack, first[0], first[1]);
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, resolve(stack, inner)]).filter(([, inner]) => inner !== undefined),
    );
  };

  return resolve;
}

/** A logical id without the hash that the CDK puts behind it, unless two resources of a type would share the name. */
function readableName(templates: Templates, type: string, logicalId: string): string {
  if (!(type in nameProperty)) return logicalId;
  const short = logicalId.replace(/[0-9A-F]{8}$/, '');
  const sharing = Object.values(templates)
    .flatMap(({ Resources }) => Object.entries(Resources))
    .filter(([id, resource]) => resource.Type === type && id.replace(/[0-9A-F]{8}$/, '') === short);
  return sharing.length === 1 ? short : logicalId;
}
