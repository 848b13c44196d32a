import type { SFNClient } from '@aws-sdk/client-sfn';
import { nonEmpty } from '../config/environment.ts';
import type { PrivacyPorts } from '../identity/personal-data.ts';
import type { Dynamo } from './dynamodb/client.ts';
import { createErasureRegister } from './dynamodb/erasure-register.ts';
import { createPersonalData } from './dynamodb/personal-data.ts';
import type { RetryEffects } from './dynamodb/transact.ts';
import { createCheckoutProgress } from './step-functions/checkout-progress.ts';

/** Settings of the Lambda that exports and erases, beside those that every API Lambda has. */
export const privacyEnvironment = {
  ORDERS_TABLE: nonEmpty,
  PRODUCTS_TABLE: nonEmpty,
  CHECKOUT_STATE_MACHINE_ARN: nonEmpty,
};

interface Settings extends Readonly<Record<keyof typeof privacyEnvironment, string>> {
  readonly USERS_TABLE: string;
  readonly AUDIT_TABLE: string;
  readonly IDEMPOTENCY_TABLE: string;
}

export function createPrivacy(
  client: Dynamo,
  workflow: SFNClient,
  settings: Settings,
  retry: RetryEffects,
): PrivacyPorts {
  const tables = {
    users: settings.USERS_TABLE,
    orders: settings.ORDERS_TABLE,
    products: settings.PRODUCTS_TABLE,
    audit: settings.AUDIT_TABLE,
    idempotency: settings.IDEMPOTENCY_TABLE,
  };
  return {
    data: createPersonalData(client, tables, retry),
    erasures: createErasureRegister(client, tables, retry),
    checkouts: createCheckoutProgress(workflow, settings.CHECKOUT_STATE_MACHINE_ARN),
  };
}
