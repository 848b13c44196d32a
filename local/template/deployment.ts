import { z } from 'zod';
import { type ApiModel, readApi } from './api-model.ts';
import { type EventSourceModel, readEventSource } from './event-source-model.ts';
import {
  isQueueMapping,
  type QueueModel,
  type QueueSourceModel,
  queueName,
  readQueue,
  readQueueSource,
  readSubscriptions,
  type SubscriptionModel,
} from './messaging-model.ts';
import type { NamingOptions } from './names.ts';
import { createResolver, type Resolve } from './resolve.ts';
import { readSchedules, type ScheduleModel, scheduleProperties } from './schedule-model.ts';
import { type LocatedResource, resourcesOfType, type Template, type Templates } from './template.ts';

export interface FunctionModel {
  readonly name: string;
  readonly arn: string;
  /** Names of its aliases, e.g. `live`. */
  readonly aliases: readonly string[];
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
  readonly queues: readonly QueueModel[];
  readonly queueSources: readonly QueueSourceModel[];
  readonly subscriptions: readonly SubscriptionModel[];
  /** Outputs by stack name; those that only AWS can tell are left out. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const functionProperties = z.looseObject({
  Handler: z.string(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  Environment: z.looseObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
});

const anything = z.record(z.string(), z.unknown());
const aliasProperties = z.looseObject({ FunctionName: z.string(), Name: z.string() });

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

  const mappings = find('AWS::Lambda::EventSourceMapping').map((resource) => properties(resource, anything));
  const aliases = find('AWS::Lambda::Alias').map((resource) => properties(resource, aliasProperties));

  const readFunction = (resource: LocatedResource): FunctionModel => {
    const { Handler, Timeout, MemorySize, Environment } = properties(resource, functionProperties);
    const environment = Environment?.Variables ?? {};
    const name = ref(resource);
    return {
      name,
      arn: arn(resource),
      aliases: aliases.filter(({ FunctionName }) => FunctionName === name).map(({ Name }) => Name),
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
    eventSources: mappings.filter((mapping) => !isQueueMapping(mapping)).map(readEventSource),
    queueSources: mappings.filter(isQueueMapping).map(readQueueSource),
    queues: find('AWS::SQS::Queue').map((resource) =>
      readQueue(queueName(arn(resource)), properties(resource, anything)),
    ),
    subscriptions: find('AWS::SNS::Subscription').flatMap((resource) =>
      readSubscriptions(properties(resource, anything)),
    ),
    outputs: Object.fromEntries(
      Object.entries(templates).map(([stack, template]) => [stack, outputsOf(stack, template, resolve)]),
    ),
  };
}

function outputsOf(stack: string, template: Template, resolve: Resolve): Record<string, string> {
  const known = Object.entries(template.Outputs).flatMap(([name, { Value }]) => {
    try {
      return [[name, String(resolve(stack, Value))] as const];
    } catch {
      return [];
    }
  });
  return Object.fromEntries(known);
}
