import { setTimeout as sleep } from 'node:timers/promises';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { jsonOf, nonEmpty } from '../config/environment.ts';
import type { Clock } from '../effects.ts';
import { loginLimitsSchema } from '../identity/login-limits.ts';
import type { LoginProtection } from '../identity/login-protection.ts';
import { channels } from '../notifications/notification.ts';
import { createAttemptCounter } from './dynamodb/attempt-counter.ts';
import { createChallengeStore } from './dynamodb/challenge-store.ts';
import type { Dynamo } from './dynamodb/client.ts';
import { captchaSecretSchema, codeKeySchema, createSecretReader } from './secrets.ts';
import { createSiteverify } from './siteverify.ts';
import { createSnsNotifier } from './sns-notifier.ts';

/** Settings of the Lambda that logs people in. */
export const loginEnvironment = {
  /** The limits as JSON. */
  LOGIN_LIMITS: jsonOf(loginLimitsSchema),
  CAPTCHA_VERIFY_URL: z.url(),
  CAPTCHA_SECRET_ARN: nonEmpty,
  MFA_SECRET_ARN: nonEmpty,
  USER_NOTIFICATIONS_TOPIC_ARN: nonEmpty,
  /** The stage's channels, with commas between; empty when it has none. */
  NOTIFICATION_CHANNELS: z
    .string()
    .transform((text) => text.split(',').filter((name) => name !== ''))
    .pipe(z.array(z.enum(channels))),
};

type Settings = z.output<z.ZodObject<typeof loginEnvironment>> & { readonly IDEMPOTENCY_TABLE: string };

/** Counters and challenges in DynamoDB, codes over SNS, secrets read when the first of them is needed. */
export function createLoginProtection(
  client: Dynamo,
  secrets: SecretsManagerClient,
  settings: Settings,
  clock: Clock,
): LoginProtection {
  const now = () => clock.now();
  const captchaSecret = createSecretReader(secrets, settings.CAPTCHA_SECRET_ARN, captchaSecretSchema, now);
  const codeKey = createSecretReader(secrets, settings.MFA_SECRET_ARN, codeKeySchema, now);
  return {
    limits: settings.LOGIN_LIMITS,
    attempts: createAttemptCounter(client, settings.IDEMPOTENCY_TABLE),
    challenges: createChallengeStore(client, settings.IDEMPOTENCY_TABLE),
    captcha: createSiteverify({
      url: settings.CAPTCHA_VERIFY_URL,
      secret: async () => (await captchaSecret()).secret,
    }),
    codeKey: async () => (await codeKey()).key,
    notifier: createSnsNotifier({ user: settings.USER_NOTIFICATIONS_TOPIC_ARN }),
    codeChannels: settings.NOTIFICATION_CHANNELS,
    sleep: (milliseconds) => sleep(milliseconds),
  };
}
