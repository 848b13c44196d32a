import { z } from 'zod';
import { loginLimitsSchema } from '../shared/identity/login-limits.ts';

/** The stages that exist. Adding one is a name here and its settings below. */
export const stageNames = ['dev', 'prod'] as const;
export type StageName = (typeof stageNames)[number];

/** How much longer Step Functions waits than the Lambda may run, in seconds: the Lambda reports its own time-out. */
export const taskTimeoutMarginSeconds = 5;

const days = 24 * 60 * 60;
const throttleSchema = z.strictObject({
  /** Steady requests per second. */
  rate: z.number().positive(),
  burst: z.int().positive(),
});

const settingsSchema = z.strictObject({
  stage: z.enum(stageNames),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as us-east-1'),
  auth0: z.strictObject({
    /** Tenant's host name, without scheme or path. */
    domain: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a host name without scheme and path'),
    /** Identifier of the API in Auth0, the `aud` of its tokens. */
    audience: z.string().min(1),
    /** Name of the database connection that holds the passwords. */
    connection: z.string().min(1),
    /** Our application's id. Given, tokens that another application of the tenant got are refused. */
    clientId: z.string().min(1).optional(),
  }),
  /** Whether POST /user/exists may tell the id and role of an account, beside that it exists. */
  discloseIdentity: z.boolean(),
  login: z.strictObject({
    limits: loginLimitsSchema,
    /** Where the CAPTCHA provider checks answers, by the siteverify protocol. */
    captchaVerifyUrl: z.url({ protocol: /^https$/, error: 'must be an https URL' }),
  }),
  /** Limit of the whole stage; each route has its own in the route table. */
  throttle: throttleSchema,
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  logRetentionDays: z.literal([7, 14, 30, 90, 180, 365]),
  /** True: deletion protection, and data outlives its stack. False: a deleted stack takes its data along. */
  protectData: z.boolean(),
  lambda: z.strictObject({
    memoryMb: z.int().min(128).max(10_240),
    /** Of the API's Lambdas. API Gateway gives up after 29 seconds. */
    apiTimeoutSeconds: z.int().min(1).max(28),
  }),
  workflow: z.strictObject({
    /** Of one attempt at a Task. The Lambda behind it gets this less the margin, so it always ends first. */
    taskTimeoutSeconds: z.int().min(10).max(905),
    /** How long a checkout waits for its customer to complete the profile. */
    profileTimeoutSeconds: z
      .int()
      .min(60)
      .max(30 * days),
    /** How long a checkout waits for a Manager to review a suspected fraud. */
    reviewTimeoutSeconds: z
      .int()
      .min(60)
      .max(30 * days),
  }),
  paymentProvider: z.enum(['sandbox']),
  /** Receives the alarms; without one they are seen in the CloudWatch console only. */
  alarmEmail: z.email().optional(),
});

/** Everything in which one stage differs from another. */
export type StageSettings = Readonly<z.infer<typeof settingsSchema>>;

export type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> | undefined } : T;

/** The same on every stage: whoever tries a stage out should meet what customers meet. */
const login: StageSettings['login'] = {
  limits: {
    account: { captchaAfter: 3, lockAfter: 10 },
    address: { captchaAfter: 50, lockAfter: 200 },
    windowSeconds: 15 * 60,
    codesPerWindow: 10,
    codesPerDestination: 20,
    wrongCodes: 20,
  },
  captchaVerifyUrl: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
};

// Hosts under .invalid never resolve: a stage that nobody configured refuses every token,
// where a made-up tenant name could belong to a stranger. Give yours with -c auth0Domain=…
const stages: Record<StageName, StageSettings> = {
  dev: {
    stage: 'dev',
    region: 'us-east-1',
    auth0: {
      domain: 'storefront-dev.auth0.invalid',
      audience: 'https://api.dev.storefront.dev',
      connection: 'Username-Password-Authentication',
    },
    discloseIdentity: true,
    login,
    throttle: { rate: 200, burst: 400 },
    logLevel: 'DEBUG',
    logRetentionDays: 14,
    protectData: false,
    lambda: { memoryMb: 512, apiTimeoutSeconds: 15 },
    workflow: { taskTimeoutSeconds: 20, profileTimeoutSeconds: days, reviewTimeoutSeconds: days },
    paymentProvider: 'sandbox',
  },
  prod: {
    stage: 'prod',
    region: 'us-east-1',
    auth0: {
      domain: 'storefront-prod.auth0.invalid',
      audience: 'https://api.storefront.dev',
      connection: 'Username-Password-Authentication',
    },
    discloseIdentity: false,
    login,
    throttle: { rate: 2000, burst: 4000 },
    logLevel: 'INFO',
    logRetentionDays: 365,
    protectData: true,
    lambda: { memoryMb: 1024, apiTimeoutSeconds: 15 },
    workflow: { taskTimeoutSeconds: 20, profileTimeoutSeconds: 3 * days, reviewTimeoutSeconds: 2 * days },
    paymentProvider: 'sandbox',
  },
};

/** A stage that does not exist, or settings that no stage can run with. */
export class StageSettingsError extends Error {
  override readonly name = 'StageSettingsError';
}

/**
 * Settings of a stage, overridden where told and validated.
 * @throws StageSettingsError naming the unknown stage, or each setting that is wrong
 */
export function stageSettings(stage: string, overrides: DeepPartial<StageSettings> = {}): StageSettings {
  const known = stageNames.find((name) => name === stage);
  if (!known) {
    throw new StageSettingsError(
      `Unknown stage "${stage}": choose one of ${stageNames.join(', ')} (cdk -c stage=dev).`,
    );
  }
  const parsed = settingsSchema.safeParse(merge(stages[known], overrides));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new StageSettingsError(`Settings of stage "${stage}" are wrong:\n${problems.join('\n')}`);
  }
  return parsed.data;
}

/** Time-out of the Lambdas behind the checkout's Tasks, in seconds: always shorter than the Task's own. */
export function workflowLambdaTimeoutSeconds(settings: StageSettings): number {
  return settings.workflow.taskTimeoutSeconds - taskTimeoutMarginSeconds;
}

/** An override that is undefined leaves the setting alone, so callers may pass what they have not got. */
function merge(base: unknown, overrides: unknown): unknown {
  if (overrides === undefined) return base;
  if (!isRecord(base) || !isRecord(overrides)) return overrides;
  const merged = { ...base };
  for (const [key, value] of Object.entries(overrides)) merged[key] = merge(base[key], value);
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
