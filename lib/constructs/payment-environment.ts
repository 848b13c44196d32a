import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';

/** What a Lambda has to know to reach the stage's payment provider. */
export function paymentEnvironment(settings: StageSettings, data: DataStack): Record<string, string> {
  return {
    PAYMENT_PROVIDER: settings.payments.provider,
    ...(data.stripeSecret ? { STRIPE_SECRET_ARN: data.stripeSecret.secretArn } : {}),
  };
}
