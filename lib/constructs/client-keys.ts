import { CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnUsagePlanKey, Period, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import type { Route } from '../../shared/api/route.ts';
import type { StageSettings } from '../stage-settings.ts';

export interface ClientKeysProps {
  readonly usagePlan: NonNullable<StageSettings['usagePlan']>;
  readonly api: RestApi;
}

/** Whether a route asks client applications for their key: those who sign their requests are machines without one. */
export function takesClientKey({ signatureHeader }: Route): boolean {
  return signatureHeader === undefined;
}

/**
 * An API key for each client application, with a throttle and a quota of its own and a count of its use. A key names
 * an application, not a person, and is no secret: it ships with the application.
 */
export class ClientKeys extends Construct {
  constructor(scope: Construct, id: string, { usagePlan, api }: ClientKeysProps) {
    super(scope, id);
    const { clients, throttle, requestsPerDay } = usagePlan;
    // API Gateway holds each key of a plan to the plan's limits by itself.
    const plan = api.addUsagePlan('Plan', {
      description: 'What each client application may ask for',
      apiStages: [{ stage: api.deploymentStage }],
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      quota: { limit: requestsPerDay, period: Period.DAY },
    });
    for (const client of clients) {
      const key = api.addApiKey(`Key-${client}`, { description: `Client application ${client}` });
      plan.addApiKey(key);
      new CfnOutput(Stack.of(this), `ApiKeyId-${client}`, { value: key.keyId });
    }
    // API Gateway refuses keys that are added to plans of an account at the same time.
    const added = plan.node.findAll().filter((element) => element instanceof CfnUsagePlanKey);
    for (const [index, key] of added.entries()) {
      const former = added[index - 1];
      if (former) key.addResourceDependency(former);
    }
  }
}
