import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { userItems } from '../../shared/adapters/dynamodb/user-store.ts';
import { createCloud } from './cloud.ts';
import { Kernel } from './kernel.ts';
import { createLambdas } from './lambdas.ts';
import { createClients, customer, staff } from './people.ts';
import { createProvider, type Provider } from './provider.ts';
import { createRng } from './random.ts';
import type { Scenario } from './scenario.ts';
import { createSchedules } from './schedules.ts';
import type { Stage } from './stage.ts';
import { createStreams } from './streams.ts';
import { createSurroundings } from './surroundings.ts';
import { createWebhooks } from './webhooks.ts';
import { Workflows } from './workflows.ts';

export interface WorldOptions {
  readonly isTraced?: boolean;
  /** How many runs of the reconciler in a row must find nothing to do before the world is said to be at rest. */
  readonly idleRuns?: number;
  /** Told of the world before anything happens in it. */
  readonly prepare?: (world: World) => void;
}

/** Noon of a day like any other. */
const start = Date.parse('2026-03-02T12:00:00.000Z');

/** One shop on its own virtual AWS, with cold Lambdas, empty tables and nobody in it. */
export function buildWorld(stage: Stage, scenario: Scenario, { isTraced = false }: WorldOptions = {}) {
  const { seed } = scenario;
  const kernel = new Kernel({ seed, start, faults: scenario.faults, isTraced });
  const provider: Provider = createProvider(kernel);
  const environment = Object.assign({}, ...stage.environments.values()) as Record<string, string>;
  const surroundings = createSurroundings(kernel, seed, environment, provider.fetch);
  const cloud = createCloud(kernel, stage, seed, surroundings.modules);
  const handlers = stage.code.start(surroundings, cloud.modules);
  const lambdas = createLambdas(kernel, handlers, stage.timeouts);
  const workflows = new Workflows(kernel, stage, lambdas);
  cloud.workflows = workflows;
  const clients = createClients(kernel, lambdas, createRng(seed, 'people'));
  const schedules = createSchedules(kernel, lambdas);
  const streams = createStreams(kernel, stage, cloud, lambdas);
  const webhooks = createWebhooks(kernel, lambdas, provider, createRng(seed, 'webhooks'));
  const users = [
    staff.admin,
    staff.manager,
    ...scenario.customers.map(({ hasProfile }, index) => customer(index, hasProfile)),
  ];
  for (const user of users) {
    for (const Item of userItems(user)) {
      cloud.dynamo.send(new PutCommand({ TableName: stage.table('USERS_TABLE'), Item }));
    }
  }
  return {
    stage,
    scenario,
    kernel,
    provider,
    cloud,
    lambdas,
    workflows,
    clients,
    schedules,
    streams,
    webhooks,
    repairs: 0,
  };
}

export type World = ReturnType<typeof buildWorld>;
