import { z } from 'zod';
import { bundleLambdas } from '../lib/bundle.ts';
import { smsTypes } from '../lib/notification-settings.ts';
import {
  deploymentNames,
  paymentProvider,
  StageSettingsError,
  stageNames,
  stageSettings,
} from '../lib/stage-settings.ts';
import { addStage, createApp } from '../lib/storefront-app.ts';

await bundleLambdas();
const app = createApp();
const context = (key: string) => z.string().optional().parse(app.node.tryGetContext(key));
/** The group of settings, if one of them is given: the settings then tell which other is missing. */
const given = <T extends object>(group: T): T | undefined =>
  Object.values(group).some((value) => value !== undefined) ? group : undefined;

/** A context value that has to be one of a few. */
function oneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
  const wanted = context(key);
  const known = values.find((value) => value === wanted);
  if (wanted === undefined || known) return known;
  console.error(`Unknown ${key} "${wanted}": choose one of ${values.join(', ')}.`);
  process.exit(1);
}

const overrides = {
  region: context('region'),
  auth0: {
    domain: context('auth0Domain'),
    audience: context('auth0Audience'),
    connection: context('auth0Connection'),
    clientId: context('auth0ClientId'),
    issuer: context('auth0Issuer'),
  },
  notifications: {
    email: given({
      from: context('emailFrom'),
      identity: context('emailIdentity'),
      configurationSet: context('emailConfigurationSet'),
      unsubscribe: context('emailUnsubscribe'),
    }),
    sms: given({ type: oneOf('smsType', smsTypes), senderId: context('smsSenderId') }),
    push: given({ applicationArn: context('pushApplicationArn') }),
    staff: context('staffAddresses')?.split(','),
  },
  analytics: { quickSight: given({ principalArn: context('quickSightPrincipal') }) },
  alarmEmail: context('alarmEmail'),
  cors: { allowedOrigins: context('corsOrigins')?.split(',') },
  deployment: oneOf('deployment', deploymentNames),
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
