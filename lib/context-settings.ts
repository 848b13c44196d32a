import { z } from 'zod';
import { paymentProvider, StageSettingsError, stageSettings } from './choose-settings.ts';
import { smsTypes } from './notification-settings.ts';
import { deploymentNames, type StageSettings } from './stage-settings.ts';

/** A value of the CDK's context, as `-c key=value` gives it. */
export type ReadContext = (key: string) => unknown;

/**
 * Settings of a stage as the operator's context overrides them; docs/operations.md lists the keys.
 * @throws StageSettingsError naming what is wrong
 */
export function stageSettingsOf(stage: string, read: ReadContext): StageSettings {
  const context = (key: string) => z.string().optional().parse(read(key));
  return stageSettings(stage, {
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
      sms: given({ type: oneOf('smsType', context('smsType'), smsTypes), senderId: context('smsSenderId') }),
      push: given({ applicationArn: context('pushApplicationArn') }),
      staff: context('staffAddresses')?.split(','),
    },
    analytics: { quickSight: given({ principalArn: context('quickSightPrincipal') }) },
    alarmEmail: context('alarmEmail'),
    cors: { allowedOrigins: context('corsOrigins')?.split(',') },
    deployment: oneOf('deployment', context('deployment'), deploymentNames),
    payments: { provider: paymentProvider(stage, context('paymentProvider')) },
  });
}

/** The group of settings, if one of them is given: the settings then tell which other is missing. */
function given<T extends object>(group: T): T | undefined {
  return Object.values(group).some((value) => value !== undefined) ? group : undefined;
}

/** A context value that has to be one of a few. */
function oneOf<T extends string>(
  key: string,
  wanted: string | undefined,
  values: readonly T[],
): T | undefined {
  const known = values.find((value) => value === wanted);
  if (wanted === undefined || known) return known;
  throw new StageSettingsError(`Unknown ${key} "${wanted}": choose one of ${values.join(', ')}.`);
}
