import { deepEqual } from 'node:assert/strict';
import { checkAccess } from './check-access.ts';
import { checkAsynchronous } from './check-asynchronous.ts';
import { checkFraudRules } from './check-fraud.ts';
import { checkMessages } from './check-messages.ts';
import { checkOperations } from './check-operations.ts';
import { checkOrders } from './check-orders.ts';
import { checkQueries } from './check-queries.ts';
import type { CheckContext } from './deploy-and-check.ts';
import type { DeployedStage } from './deployed-stage.ts';
import { type Customer, expectStatus, openShopper } from './shopper.ts';

/** The way of a shop's users through the API of a deployed stage, each stretch of it a named check. */
export async function checkJourney(
  { report, emulator, folder }: Pick<CheckContext, 'report' | 'emulator' | 'folder'>,
  stage: DeployedStage,
): Promise<void> {
  const shopper = await openShopper(stage);
  let customer: Customer | undefined;
  await report.check(
    `${stage.name}: register, log in from the same device without a code, complete the profile`,
    async () => {
      const registered = await shopper.newCustomer({ withProfile: true });
      const me = await stage.call('GET', '/user/me', { token: registered.token });
      expectStatus(me, 200);
      deepEqual(
        [me.json.userId, me.json.isProfileComplete, me.json.role],
        [registered.userId, true, 'Customer'],
      );
      customer = registered;
    },
  );
  if (!customer) throw new Error(`Without a customer nothing else of ${stage.name} can be checked`);
  const orders = await checkOrders(report, stage, shopper, customer);
  await checkFraudRules(report, stage, shopper);
  await checkMessages(report, { stage, shopper, customer, orders, emulator });
  await checkAccess(report, stage, shopper, customer);
  await checkAsynchronous(report, stage, emulator);
  await checkQueries(report, stage, emulator);
  await checkOperations(report, { stage, emulator, folder, orderId: orders.paid });
}
