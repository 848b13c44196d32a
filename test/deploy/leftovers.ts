import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type AwsRequest, callAws, jsonCall, queryCall } from './aws.ts';
import type { Emulator } from './emulator.ts';
import type { StackResource } from './stacks.ts';

interface Listing {
  readonly request: AwsRequest;
  /** Finds the names in the answer; its first group is one. */
  readonly name: RegExp;
}

const get = (service: string, path: string): AwsRequest => ({ service, path, method: 'GET' });
const json = (field: string) => new RegExp(`"${field}":\\s*"([^"]+)"`, 'g');
const xml = (element: string) => new RegExp(`<${element}>([^<]+)</${element}>`, 'g');
/** Where an answer is an array of bare names. */
const ours = /"((?:[^"]*\/)?storefront-[^"]+)"/g;

/** One list for each service that the stacks have something in. */
const listings: readonly Listing[] = [
  { request: get('lambda', '/2015-03-31/functions'), name: json('FunctionName') },
  { request: get('apigateway', '/restapis'), name: json('name') },
  { request: get('apigateway', '/usageplans'), name: json('name') },
  { request: get('s3', '/'), name: xml('Name') },
  { request: get('backup', '/backup-vaults/'), name: json('BackupVaultName') },
  { request: queryCall('iam', 'ListRoles', '2010-05-08'), name: xml('RoleName') },
  { request: queryCall('sns', 'ListTopics', '2010-03-31'), name: xml('TopicArn') },
  { request: queryCall('monitoring', 'DescribeAlarms', '2010-08-01'), name: xml('AlarmName') },
  { request: queryCall('monitoring', 'ListDashboards', '2010-08-01'), name: xml('DashboardName') },
  { request: jsonCall('logs', 'Logs_20140328.DescribeLogGroups', {}), name: json('logGroupName') },
  { request: jsonCall('kinesis', 'Kinesis_20131202.ListStreams', {}), name: json('StreamName') },
  { request: jsonCall('firehose', 'Firehose_20150804.ListDeliveryStreams', {}), name: ours },
  { request: jsonCall('dynamodb', 'DynamoDB_20120810.ListTables', {}, '1.0'), name: ours },
  { request: jsonCall('sqs', 'AmazonSQS.ListQueues', {}, '1.0'), name: ours },
  { request: jsonCall('states', 'AWSStepFunctions.ListStateMachines', {}, '1.0'), name: json('name') },
  { request: jsonCall('secretsmanager', 'secretsmanager.ListSecrets', {}), name: json('ARN') },
  { request: jsonCall('events', 'AWSEvents.ListRules', {}), name: json('Name') },
  { request: jsonCall('glue', 'AWSGlue.GetDatabases', {}), name: json('Name') },
  { request: jsonCall('athena', 'AmazonAthena.ListWorkGroups', {}), name: json('Name') },
  { request: jsonCall('wafv2', 'AWSWAF_20190729.ListWebACLs', { Scope: 'REGIONAL' }), name: json('Name') },
];

/** The last part of a physical id or ARN, which is what the lists name. */
export function bareName(id: string): string {
  if (id.startsWith('arn:')) return id.split(':').slice(6).join(':') || (id.split(':').at(-1) ?? id);
  return id.startsWith('https://') ? (id.split('/').at(-1) ?? id) : id;
}

/** What is there of a stage, stacks apart, whoever made it: `service name`, sorted. */
export async function resourcesOfStage(emulator: Emulator, stage: string): Promise<string[]> {
  const found = await Promise.all(
    listings.map(async ({ request, name }) => {
      const text = await callAws(emulator.endpoint, request);
      const names = [...text.matchAll(name)].map(([, id = '']) => bareName(id));
      return names
        .filter((id) => new RegExp(`(^|[^a-z])storefront[-_]${stage}($|[^a-z])`).test(id))
        .map((id) => `${request.service} ${id}`);
    }),
  );
  return [...new Set(found.flat())].sort();
}

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ DeletionPolicy: z.string().optional() })),
});

/** Logical ids of what outlives its stack by the template. */
export async function retained(assembly: string, stackName: string): Promise<Set<string>> {
  const text = await readFile(join(assembly, `${stackName}.template.json`), 'utf8');
  const { Resources } = templateSchema.parse(JSON.parse(text));
  const kept = Object.entries(Resources).filter(([, { DeletionPolicy }]) =>
    DeletionPolicy?.startsWith('Retain'),
  );
  return new Set(kept.map(([logicalId]) => logicalId));
}

/** Those of the stage's resources that should be there after its stacks are gone, as `resourcesOfStage` names them. */
export function expectedLeftovers(
  before: readonly string[],
  resources: readonly StackResource[],
  kept: ReadonlySet<string>,
): string[] {
  const names = new Set(
    resources.filter(({ logicalId }) => kept.has(logicalId)).map(({ physicalId }) => bareName(physicalId)),
  );
  return before.filter((line) => names.has(line.slice(line.indexOf(' ') + 1)));
}

/** Whether a KMS key can still be used. */
export async function keyState(emulator: Emulator, KeyId: string): Promise<string> {
  const text = await callAws(emulator.endpoint, jsonCall('kms', 'TrentService.DescribeKey', { KeyId }));
  return z.object({ KeyMetadata: z.object({ KeyState: z.string() }) }).parse(JSON.parse(text)).KeyMetadata
    .KeyState;
}
