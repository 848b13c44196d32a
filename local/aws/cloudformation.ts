import { AwsError } from './aws-error.ts';

/** Outputs of each stack, by stack name. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Outputs of the two stacks under the names that they have on AWS; what runs here is the `dev` stage. */
export function stageOutputs(outputs: StackOutputs): StackOutputs {
  return Object.fromEntries(
    Object.entries(outputs).map(([stack, values]) => [`storefront-dev-${stack}`, values]),
  );
}

/** CloudFormation DescribeStacks of one stack, as XML: all that a command needs to find tables, queues and workflows. */
export function describeStacks(form: URLSearchParams, stacks: StackOutputs, requestId: string): string {
  const name = form.get('StackName') ?? '';
  const outputs = stacks[name];
  if (!outputs) throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${escapeXml(key)}</OutputKey><OutputValue>${escapeXml(value)}</OutputValue></member>`,
  );
  const stack = `<StackName>${escapeXml(name)}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs>`;
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></DescribeStacksResponse>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
