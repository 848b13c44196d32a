import { parseArgs } from 'node:util';
import type { LocalStripe } from './options.ts';

export interface CliOptions {
  readonly port: number;
  readonly dataDir: string | undefined;
  readonly seed: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
  /** Undefined pays in the sandbox. */
  readonly stripe: LocalStripe | undefined;
}

export const usage = `npm start -- [--data DIR] [--no-seed] [--verbose]

  --data DIR   keep tables, users and checkout runs in DIR (default: in memory, gone at the end)
  --no-seed    start with an empty catalogue; the three users stay
  --verbose    print the logs of the Lambdas
Environment:
  PORT=3000                      where the API listens
  STRIPE_SECRET_KEY=sk_test_…    pay with Stripe, in the test mode of your account
  STRIPE_WEBHOOK_SECRET=whsec_…  signs its events, e.g. what \`stripe listen\` prints
  STRIPE_API_URL=http://…        another host than Stripe's own`;

/** @throws Error on an unknown option, a PORT that is none, or a live key of Stripe */
export function readCliOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      'no-seed': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = Number(env.PORT || 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT must be a number from 0 to 65535, not "${env.PORT}".`);
  }
  return {
    port,
    dataDir: values.data,
    seed: !values['no-seed'],
    verbose: values.verbose,
    help: values.help,
    stripe: stripeOf(env),
  };
}

function stripeOf(env: Readonly<Record<string, string | undefined>>): LocalStripe | undefined {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: secret, STRIPE_API_URL: apiUrl } = env;
  if (!secretKey) return undefined;
  if (!/^[sr]k_test_/.test(secretKey)) {
    throw new Error('STRIPE_SECRET_KEY must be a key of the test mode, sk_test_… or rk_test_…');
  }
  return { secretKey, webhookSecrets: secret ? [secret] : [], apiUrl };
}
