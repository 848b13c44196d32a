import { z } from 'zod';
import { loginLimitsSchema } from '../shared/identity/login-limits.ts';
import { fraudRulesSchema } from '../shared/payments/fraud-settings.ts';
import { analyticsSettingsSchema } from './analytics-settings.ts';
import { notificationSettingsSchema } from './notification-settings.ts';

/** The stages that exist. Adding one is a name here and its settings in `stages.ts`. */
export const stageNames = ['dev', 'prod'] as const;
export type StageName = (typeof stageNames)[number];

/** Who takes the money; docs/payments.md. */
export const paymentProviders = ['sandbox', 'stripe'] as const;

/** How much longer Step Functions waits than the Lambda may run, in seconds: the Lambda reports its own time-out. */
export const taskTimeoutMarginSeconds = 5;

/** Names of CodeDeploy's configurations, but for the first: the aliases move with the stack, without CodeDeploy. */
export const deploymentNames = [
  'AllAtOnce',
  'Canary10Percent5Minutes',
  'Canary10Percent15Minutes',
  'Linear10PercentEvery1Minute',
  'Linear10PercentEvery3Minutes',
] as const;
export type DeploymentName = (typeof deploymentNames)[number];

const days = 24 * 60 * 60;
const throttleSchema = z.strictObject({
  /** Steady requests per second. */
  rate: z.number().positive(),
  burst: z.int().positive(),
});

/** Stripe's own waits have to fit into a task, and a review into the life of a card's authorization. */
const stripeBounds = { taskTimeoutSeconds: 20, reviewTimeoutSeconds: 5 * days } as const;

const webAclSchema = z.strictObject({
  /** What meets an address that goes over a limit of its own: 429, or AWS WAF's CAPTCHA, which needs an origin. */
  overLimit: z.enum(['block', 'captcha']),
  /** Refuses addresses of anonymizers (VPN, Tor, hosting providers). Honest customers use those, too. */
  blockAnonymous: z.boolean(),
  /** Requests of one address within five minutes, over all routes. Households and offices share one. */
  perAddress: z.int().min(10),
  /** Requests with one access token within five minutes. */
  perToken: z.int().min(10),
});

const usagePlanSchema = z.strictObject({
  /** Names of client applications, e.g. `web`. Each gets an API key, which it sends as `x-api-key`. */
  clients: z
    .array(z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be a name such as web'))
    .min(1)
    // Each takes two of the 500 resources that a stack may have, and there are few to spare.
    .max(5),
  /** Of each client. */
  throttle: throttleSchema,
  requestsPerDay: z.int().positive(),
});

const settingsShape = z.strictObject({
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
    /** Stands in for the tenant where AWS is emulated on one machine. On AWS nothing listens there. */
    issuer: z
      .string()
      .regex(
        /^http:\/\/127\.0\.0\.1:\d+\/([\w-]+\/)*$/,
        'must be an http URL of 127.0.0.1 that ends in a slash',
      )
      .optional(),
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
  /** Not above INFO: metrics and the line that ties a request to its order are lines of that level. */
  logLevel: z.enum(['DEBUG', 'INFO']),
  logRetentionDays: z.literal([7, 14, 30, 90, 180, 365]),
  /**
   * Who makes the log group of API Gateway's own errors, whose name is fixed by the API's id. `gateway` is for an API
   * that wrote to one before the stack had it: CloudFormation cannot create what is there already.
   */
  executionLogs: z.enum(['stack', 'gateway']),
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
  payments: z.strictObject({
    /** `stripe` needs a key and a webhook's secret in Secrets Manager; docs/payments.md. */
    provider: z.enum(paymentProviders),
  }),
  /** Rules of our own beside the provider's; docs/fraud.md. */
  fraud: fraudRulesSchema,
  /** How new versions of the Lambdas take over from the former ones. */
  deployment: z.enum(deploymentNames),
  /**
   * Concurrent executions kept for a Lambda, which also gets no more, by the name of its folder in `lambdas/`.
   * AWS refuses what would leave the account less than its minimum unreserved: a young account can keep none.
   */
  reservedConcurrency: z.record(z.string(), z.int().min(1)),
  /** Daily backups in a vault of their own, beside the tables' point-in-time recovery; without it, none. */
  backup: z
    .strictObject({
      /** Must not outlast what docs/privacy.md tells of erased persons. */
      keptDays: z.int().min(1).max(35),
    })
    .optional(),
  cors: z.strictObject({
    /** Web origins whose pages may call the API, e.g. `https://shop.example.com`. */
    allowedOrigins: z
      .array(
        z
          .string()
          .regex(/^https?:\/\/[a-z0-9.-]+(:\d+)?$/, 'must be an origin such as https://shop.example.com'),
      )
      .max(10),
  }),
  alarms: z.strictObject({
    /** Where docs/operations.md can be read in a browser; alarms and dashboard link to its headings. */
    runbooks: z.url({ protocol: /^https$/, error: 'must be an https URL' }).optional(),
    /** Goes off when fewer orders than this are paid within so many hours; without it, never. */
    fewPaid: z.strictObject({ orders: z.int().min(1), hours: z.int().min(1).max(24) }).optional(),
  }),
  /** AWS WAF in front of the API; without it, none. */
  webAcl: webAclSchema.optional(),
  /** API keys for client applications, each with its own throttle and quota; without it, none is asked for. */
  usagePlan: usagePlanSchema.optional(),
  notifications: notificationSettingsSchema,
  analytics: analyticsSettingsSchema,
  /** Receives the alarms; without one they are seen in the CloudWatch console only. */
  alarmEmail: z.email().optional(),
});

/** What a stage may be set to, and how settings bind each other. */
export const settingsSchema = settingsShape.superRefine(
  ({ payments, workflow, webAcl, cors, backup, protectData }, context) => {
    if (webAcl?.overLimit === 'captcha' && cors.allowedOrigins.length === 0) {
      context.addIssue({
        code: 'custom',
        path: ['webAcl', 'overLimit'],
        message: 'captcha needs the page that solves it: an origin in cors.allowedOrigins',
      });
    }
    const local = cors.allowedOrigins.find((origin) => URL.parse(origin)?.hostname.includes('.') === false);
    if (webAcl?.overLimit === 'captcha' && local !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['webAcl', 'overLimit'],
        message: `captcha needs pages of public domains, and ${local} is none`,
      });
    }
    if (backup && !protectData) {
      context.addIssue({
        code: 'custom',
        path: ['backup'],
        message: 'a stage that does not protect its data has no backups: their vault would outlive it',
      });
    }
    if (payments.provider !== 'stripe') return;
    const refuse = (setting: keyof typeof stripeBounds, bound: string) =>
      context.addIssue({
        code: 'custom',
        path: ['workflow', setting],
        message: `must be ${bound} ${stripeBounds[setting]} with Stripe`,
      });
    if (workflow.taskTimeoutSeconds < stripeBounds.taskTimeoutSeconds)
      refuse('taskTimeoutSeconds', 'at least');
    if (workflow.reviewTimeoutSeconds > stripeBounds.reviewTimeoutSeconds)
      refuse('reviewTimeoutSeconds', 'at most');
  },
);

/** Everything in which one stage differs from another. */
export type StageSettings = Readonly<z.infer<typeof settingsSchema>>;

/** Time-out of the Lambdas behind the checkout's Tasks, in seconds: always shorter than the Task's own. */
export function workflowLambdaTimeoutSeconds(settings: StageSettings): number {
  return settings.workflow.taskTimeoutSeconds - taskTimeoutMarginSeconds;
}
