import {
  CloudFormationClient,
  paginateDescribeStacks,
  paginateListStackResources,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { credentials, type Emulator, region } from './emulator.ts';

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
}

/** Names of a stage's stacks; the second needs the first. */
export const stacksOf = (stage: string) => [`storefront-${stage}-data`, `storefront-${stage}-backend`];

async function withClient<T>(
  { endpoint }: Emulator,
  work: (client: CloudFormationClient) => Promise<T>,
): Promise<T> {
  const client = new CloudFormationClient({ endpoint, region, credentials });
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}

/** All resources of a stack, as CloudFormation keeps them. */
export function stackResources(emulator: Emulator, StackName: string): Promise<StackResource[]> {
  return withClient(emulator, async (client) => {
    const found: StackResource[] = [];
    for await (const { StackResourceSummaries = [] } of paginateListStackResources(
      { client },
      { StackName },
    )) {
      for (const resource of StackResourceSummaries) {
        found.push({
          logicalId: resource.LogicalResourceId ?? '',
          physicalId: resource.PhysicalResourceId ?? '',
          type: resource.ResourceType ?? '',
          status: resource.ResourceStatus ?? '',
        });
      }
    }
    return found;
  });
}

/** Names of the stacks of ours that exist. */
export function stacksOfOurs(emulator: Emulator): Promise<string[]> {
  return withClient(emulator, async (client) => {
    const names: string[] = [];
    for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) {
      for (const { StackName = '', StackStatus } of Stacks) {
        if (StackName.startsWith('storefront-') && StackStatus !== 'DELETE_COMPLETE') names.push(StackName);
      }
    }
    return names.sort();
  });
}

export function liftTerminationProtection(emulator: Emulator, StackName: string): Promise<void> {
  return withClient(emulator, async (client) => {
    const EnableTerminationProtection = false;
    await client.send(new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection }));
  });
}
