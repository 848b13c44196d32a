import { CfnOutput, CfnResource, type IAspect, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnAlias } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** CDK context that is `true` when the stages are synthesized for the emulator, `-c emulator=true`. */
export const emulatorContext = 'emulator';

/** A kind of resource that the emulator refuses, and with it every stack that has one. */
export interface LeaveOut {
  /** Type of CloudFormation. */
  readonly type: string;
  /** Not the type as a whole, but its resources of which this is true. */
  readonly when?: { readonly words: string; readonly matches: (resource: CfnResource) => boolean };
  /** Test files that check it instead, from the project's root. */
  readonly coveredBy: readonly string[];
}

/** All that a deployment to the emulator lacks; `docs/deploy-check.md` explains each. */
export const leaveOuts: readonly LeaveOut[] = [
  { type: 'AWS::CodeDeploy::Application', coveredBy: ['test/infra/deployment.test.ts'] },
  { type: 'AWS::CodeDeploy::DeploymentGroup', coveredBy: ['test/infra/deployment.test.ts'] },
  { type: 'AWS::Athena::NamedQuery', coveredBy: ['test/infra/analytics.test.ts'] },
  { type: 'AWS::Backup::BackupSelection', coveredBy: ['test/infra/data.test.ts'] },
  { type: 'AWS::WAFv2::LoggingConfiguration', coveredBy: ['test/infra/edge.test.ts'] },
  { type: 'AWS::WAFv2::WebACLAssociation', coveredBy: ['test/infra/edge.test.ts'] },
  // It shows alarms that are left out, too.
  { type: 'AWS::CloudWatch::Dashboard', coveredBy: ['test/infra/dashboard-body.test.ts'] },
  {
    type: 'AWS::CloudWatch::Alarm',
    when: {
      words: 'with metric math',
      matches: (resource) => resource instanceof CfnAlarm && resource.metrics !== undefined,
    },
    coveredBy: [
      'test/infra/deployment.test.ts',
      'test/infra/observability.test.ts',
      'test/infra/messaging.test.ts',
      'test/infra/data.test.ts',
    ],
  },
];

/**
 * Takes out of a stack what the emulator refuses, with the references to it that CloudFormation would miss:
 * dependencies, outputs, and the update policy by which CodeDeploy moves an alias. Everything else stays as it is.
 */
export class EmulatorLeaveOuts implements IAspect {
  visit(node: IConstruct): void {
    if (!Stack.isStack(node)) return;
    const elements = node.node.findAll();
    const leftOut = elements.filter((element) => CfnResource.isCfnResource(element)).filter(isLeftOut);
    const ids = new Set(leftOut.map(({ logicalId }) => String(node.resolve(logicalId))));
    for (const resource of leftOut) remove(resource);
    for (const element of elements) {
      if (CfnResource.isCfnResource(element)) forget(element, leftOut);
      if (element instanceof CfnOutput && ids.has(node.resolve(element.value)?.Ref)) remove(element);
    }
  }
}

function forget(resource: CfnResource, leftOut: readonly CfnResource[]): void {
  for (const dependency of resource.obtainDependencies()) {
    const gone = leftOut.find((other) => other === dependency);
    if (gone) resource.removeDependency(gone);
  }
  const isMovedByCodeDeploy =
    resource instanceof CfnAlias &&
    resource.cfnOptions.updatePolicy?.codeDeployLambdaAliasUpdate !== undefined;
  if (isMovedByCodeDeploy) delete resource.cfnOptions.updatePolicy;
}

function remove(element: IConstruct): void {
  element.node.scope?.node.tryRemoveChild(element.node.id);
}

function isLeftOut(resource: CfnResource): boolean {
  return leaveOuts.some(
    ({ type, when }) => resource.cfnResourceType === type && (when === undefined || when.matches(resource)),
  );
}
