import { z } from 'zod';
import { type ApiModel, readApi } from './api-model.ts';
import { type EventSourceModel, readEventSource } from './event-source-model.ts';
import type { NamingOptions } from './names.ts';
import { createResolver } from './resolve.ts';
import { readSchedules, type ScheduleModel, scheduleProperties } from './schedule-model.ts';
import { type LocatedResource, resourcesOfType, type Templates } from './template.ts';

export interface FunctionModel {
  readonly name: string;
  readonly arn: string;
  /** Name of the bundle's folder and of the source's in `lambdas/`; each function carries it as its service name. */
  readonly shortName: string;
  /** `<file without extension>.<export>` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

export interface TableModel {
  readonly name: string;
  /** The CloudFormation properties, resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface StateMachineModel {
  readonly name: string;
  readonly arn: string;
  /** The ASL document with every substitution made. */
  readonly definition: string;
}

/** What a stage is made of, with local names: all that the runtime needs to know. */
export interface Deployment {
  readonly api: ApiModel;
  readonly functions: readonly FunctionModel[];
  readonly tables: readonly TableModel[];
  readonly stateMachines: readonly StateMachineModel[];
  readonly schedules: readonly ScheduleModel[];
  readonly topicArns: readonly string[];
  readonly streamNames: readonly string[];
  readonly queueUrls: readonly string[];
  readonly secretArns: readonly string[];
  readonly eventSources: readonly EventSourceModel[];
}

const functionProperties = z.looseObject({
  Handler: z.string(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  Environment: z.looseObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
});

const machineProperties = z.looseObject({
  DefinitionString: z.string(),
  DefinitionSubstitutions: z.record(z.string(), z.coerce.string()).default({}),
});

/** Reads a stage's templates. Throws with the resource's name when something in them is not understood. */
export function readDeployment(templates: Templates, naming: NamingOptions): Deployment {
  const resolve = createResolver(templates, naming);
  const find = (...types: string[]): LocatedResource[] => resourcesOfType(templates, ...types);
  const ref = ({ stack, logicalId }: LocatedResource): string => String(resolve(stack, { Ref: logicalId }));
  const arn = ({ stack, logicalId }: LocatedResource): string =>
    String(resolve(stack, { 'Fn::GetAtt': [logicalId, 'Arn'] }));

  const properties = <S extends z.ZodType>(resource: LocatedResource, schema: S): z.output<S> => {
    const parsed = schema.safeParse(resolve(resource.stack, resource.properties));
    if (parsed.success) return parsed.data;
    throw new Error(`${resource.type} ${resource.logicalId}: ${z.prettifyError(parsed.error)}`);
  };

  const readFunction = (resource: LocatedResource): FunctionModel => {
    const { Handler, Timeout, MemorySize, Environment } = properties(resource, functionProperties);
    const environment = Environment?.Variables ?? {};
    return {
      name: ref(resource),
      arn: arn(resource),
      shortName: environment.POWERTOOLS_SERVICE_NAME ?? resource.logicalId,
      handler: Handler,
      environment,
      timeoutMs: Timeout * 1000,
      memoryMb: MemorySize,
    };
  };

  const readMachine = (resource: LocatedResource): StateMachineModel => {
    const { DefinitionString, DefinitionSubstitutions } = properties(resource, machineProperties);
    const definition = DefinitionString.replace(/\$\{([A-Za-z0-9_]+)\}/g, (placeholder, name: string) => {
      const value = DefinitionSubstitutions[name];
      if (value === undefined) throw new Error(`${resource.logicalId}: nothing is given for ${placeholder}.`);
      return value;
    });
    const machineArn = ref(resource);
    return { name: machineArn.slice(machineArn.lastIndexOf(':') + 1), arn: machineArn, definition };
  };

  return {
    api: readApi(templates, resolve),
    functions: find('AWS::Lambda::Function').map(readFunction),
    tables: find('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map((resource) => ({
      name: ref(resource),
      properties: properties(resource, z.record(z.string(), z.unknown())),
    })),
    stateMachines: find('AWS::StepFunctions::StateMachine').map(readMachine),
    schedules: find('AWS::Events::Rule', 'AWS::Scheduler::Schedule').flatMap((resource) =>
      readSchedules(resource.logicalId, properties(resource, scheduleProperties)),
    ),
    topicArns: find('AWS::SNS::Topic').map(ref),
    streamNames: find('AWS::Kinesis::Stream').map(ref),
    queueUrls: find('AWS::SQS::Queue').map(ref),
    secretArns: find('AWS::SecretsManager::Secret').map(ref),
    eventSources: find('AWS::Lambda::EventSourceMapping').map((resource) =>
      readEventSource(properties(resource, z.record(z.string(), z.unknown()))),
    ),
  };
}
