import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { stageSettings } from '../../lib/choose-settings.ts';
import type { StageName } from '../../lib/stage-settings.ts';
import { createDynamo, type Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { UsageError } from './arguments.ts';
import { createPatientWorkflowClient } from './workflow-client.ts';

/** Where a command looks: a stack that `npm start` runs here, or a stage on AWS. */
export type Place =
  | { readonly kind: 'local'; readonly port: number }
  | { readonly kind: 'aws'; readonly stage: StageName; readonly region?: string };

/** A running stage with a client for each service, and the names of what is in it. */
export interface Target {
  /** For people, e.g. `http://localhost:3000` or `stage prod`. */
  readonly name: string;
  readonly dynamo: Dynamo;
  readonly workflows: SFNClient;
  readonly queues: SQSClient;
  readonly functions: LambdaClient;
  /** Outputs of the stage's stacks by key. */
  readonly outputs: Readonly<Record<string, string>>;
  /** @throws UsageError when the deployed stage has no such output, i.e. is older than this command */
  output(key: string): string;
  close(): void;
}

const overviewSchema = z.looseObject({ awsEndpoint: z.url(), dynamodbEndpoint: z.url() });
/** `npm start` runs the dev stage. */
const localStage: StageName = 'dev';

/** @throws UsageError when nothing runs there, or the stage is not deployed */
export async function connect(place: Place): Promise<Target> {
  return place.kind === 'local' ? connectLocal(place.port) : connectStage(place.stage, place.region);
}

async function connectLocal(port: number): Promise<Target> {
  const url = `http://localhost:${port}`;
  const overview = await fetch(url, { headers: { accept: 'application/json' } })
    .then(async (response) => overviewSchema.parse(await response.json()))
    .catch(() => {
      throw new UsageError(`No storefront answers at ${url}: run npm start, or give --port or --stage.`);
    });
  return connectEndpoints(url, overview);
}

/** A local stack by the endpoints that it tells of. */
export function connectEndpoints(
  name: string,
  endpoints: { readonly awsEndpoint: string; readonly dynamodbEndpoint: string },
): Promise<Target> {
  process.env.AWS_ACCESS_KEY_ID ??= 'local';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'local';
  process.env.AWS_REGION ??= 'us-east-1';
  const common = { region: 'us-east-1', endpoint: endpoints.awsEndpoint };
  return open(name, localStage, common, createDynamo(endpoints.dynamodbEndpoint));
}

async function connectStage(stage: StageName, region = stageSettings(stage).region): Promise<Target> {
  // The adapters' clients take the region from the environment, as they do in a Lambda.
  process.env.AWS_REGION = region;
  return open(`stage ${stage}`, stage, { region }, createDynamo());
}

async function open(
  name: string,
  stage: StageName,
  common: { readonly region: string; readonly endpoint?: string },
  dynamo: Dynamo,
): Promise<Target> {
  const stacks = new CloudFormationClient(common);
  const clients = {
    dynamo,
    workflows: createPatientWorkflowClient(common),
    queues: new SQSClient(common),
    functions: new LambdaClient(common),
  };
  const outputs = {
    ...(await outputsOf(stacks, `storefront-${stage}-data`)),
    ...(await outputsOf(stacks, `storefront-${stage}-backend`)),
  };
  return {
    name,
    ...clients,
    outputs,
    output(key) {
      const value = outputs[key];
      if (value === undefined) throw new UsageError(`The stacks of ${name} have no output ${key}.`);
      return value;
    },
    close() {
      stacks.destroy();
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

async function outputsOf(client: CloudFormationClient, stack: string): Promise<Record<string, string>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    throw new UsageError(`Stack ${stack} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
