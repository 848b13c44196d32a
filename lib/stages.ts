import type { FraudRules } from '../shared/payments/fraud-settings.ts';
import type { StageName, StageSettings } from './stage-settings.ts';

const hour = 60 * 60;
const days = 24 * hour;

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

const firstOrderLimits = [
  { amount: 450_00, currency: 'EUR' },
  { amount: 400_00, currency: 'GBP' },
  { amount: 75_000, currency: 'JPY' },
];

/** On dev every rule is there to be tried, with limits out of the way of load tests and demonstrations. */
const fraud: Record<StageName, FraudRules> = {
  dev: {
    userVelocity: { enabled: true, windowSeconds: hour, maxOrders: 10_000 },
    addressVelocity: { enabled: true, windowSeconds: hour, maxOrders: 100_000 },
    countryMismatch: { enabled: true, compare: ['payment', 'placement'], alike: [] },
    firstOrderAmount: { enabled: true, limit: { amount: 10_000_00, currency: 'USD' }, limits: [] },
  },
  prod: {
    userVelocity: { enabled: true, windowSeconds: hour, maxOrders: 5 },
    addressVelocity: { enabled: true, windowSeconds: hour, maxOrders: 100 },
    countryMismatch: {
      enabled: true,
      compare: ['payment', 'placement'],
      alike: [],
      exemptAfterPaidOrders: 3,
    },
    firstOrderAmount: {
      enabled: true,
      limit: { amount: 500_00, currency: 'USD' },
      limits: firstOrderLimits,
    },
  },
};

// Hosts under .invalid never resolve: a stage that nobody configured refuses every token,
// where a made-up tenant name could belong to a stranger. Give yours with -c auth0Domain=…
export const stages: Readonly<Record<StageName, StageSettings>> = {
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
    executionLogs: 'stack',
    protectData: false,
    lambda: { memoryMb: 512, apiTimeoutSeconds: 15 },
    workflow: { taskTimeoutSeconds: 20, profileTimeoutSeconds: days, reviewTimeoutSeconds: days },
    payments: { provider: 'sandbox' },
    fraud: fraud.dev,
    notifications: { staff: [] },
    analytics: { keptDays: 30, deliverySeconds: 60, queryLimitMegabytes: 1_000 },
    deployment: 'AllAtOnce',
    reservedConcurrency: {},
    alarms: {},
    cors: { allowedOrigins: [] },
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
    executionLogs: 'stack',
    protectData: true,
    lambda: { memoryMb: 1024, apiTimeoutSeconds: 15 },
    workflow: { taskTimeoutSeconds: 20, profileTimeoutSeconds: 3 * days, reviewTimeoutSeconds: 2 * days },
    // For tests: a deployment has to say it, see `paymentProvider`.
    payments: { provider: 'sandbox' },
    fraud: fraud.prod,
    notifications: { staff: [] },
    analytics: { keptDays: 1095, coldAfterDays: 180, deliverySeconds: 300, queryLimitMegabytes: 100_000 },
    deployment: 'Canary10Percent5Minutes',
    reservedConcurrency: {},
    alarms: {},
    backup: { keptDays: 35 },
    cors: { allowedOrigins: [] },
    webAcl: { overLimit: 'block', blockAnonymous: false, perAddress: 3000, perToken: 1500 },
  },
};
