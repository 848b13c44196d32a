import { App, type AppProps, Aspects, Tags } from 'aws-cdk-lib';
import config from '../cdk.json' with { type: 'json' };
import { BackendStack } from './backend-stack.ts';
import { DataStack } from './data-stack.ts';
import { EmulatorLeaveOuts, emulatorContext } from './emulator-leave-outs.ts';
import type { StageSettings } from './stage-settings.ts';

/** The two stacks of a stage. */
export interface StageStacks {
  readonly data: DataStack;
  readonly backend: BackendStack;
}

/**
 * An app with the feature flags of cdk.json, which only the CDK's CLI would read: a template synthesized in-process
 * (tests, local runtime) is the one that `cdk deploy` makes.
 */
export function createApp(props: AppProps = {}): App {
  return new App({ analyticsReporting: false, ...props, context: { ...config.context, ...props.context } });
}

/** Adds a stage to the app: `storefront-<stage>-data`, and `storefront-<stage>-backend` which depends on it. */
export function addStage(app: App, settings: StageSettings): StageStacks {
  const env = { region: settings.region };
  const name = `storefront-${settings.stage}`;
  const data = new DataStack(app, `${name}-data`, {
    settings,
    env,
    description: `Storefront ${settings.stage}: tables, analytics bucket, key, secret`,
    terminationProtection: settings.protectData,
  });
  const backend = new BackendStack(app, `${name}-backend`, {
    settings,
    data,
    env,
    description: `Storefront ${settings.stage}: HTTP API, Lambdas, checkout workflow`,
    // It holds no data, but while it is gone the shop is shut.
    terminationProtection: settings.protectData,
  });
  const isForEmulator = app.node.tryGetContext(emulatorContext) === 'true';
  for (const stack of [data, backend]) {
    if (isForEmulator) Aspects.of(stack).add(new EmulatorLeaveOuts());
    Tags.of(stack).add('service', 'storefront');
    Tags.of(stack).add('stage', settings.stage);
    // To be activated as a cost allocation tag, once for each account.
    Tags.of(stack).add('cost', name);
  }
  return { data, backend };
}
