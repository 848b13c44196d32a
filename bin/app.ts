import { z } from 'zod';
import { bundleLambdas } from '../lib/bundle.ts';
import { paymentProvider, StageSettingsError, stageNames, stageSettings } from '../lib/stage-settings.ts';
import { addStage, createApp } from '../lib/storefront-app.ts';

await bundleLambdas();
const app = createApp();
const context = (key: string) => z.string().optional().parse(app.node.tryGetContext(key));

const overrides = {
  region: context('region'),
  auth0: {
    domain: context('auth0Domain'),
    audience: context('auth0Audience'),
    connection: context('auth0Connection'),
    clientId: context('auth0ClientId'),
  },
  alarmEmail: context('alarmEmail'),
};
const stage = context('stage');
try {
  for (const name of stage === undefined ? stageNames : [stage])
    addStage(
      app,
      stageSettings(name, {
        ...overrides,
        payments: { provider: paymentProvider(name, context('paymentProvider')) },
      }),
    );
} catch (error) {
  if (!(error instanceof StageSettingsError)) throw error;
  // A typing error of the operator needs its message, not a stack.
  console.error(error.message);
  process.exit(1);
}
