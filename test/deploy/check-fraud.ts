import { deepEqual, equal } from 'node:assert/strict';
import { stageSettings } from '../../lib/choose-settings.ts';
import type { DeployedStage } from './deployed-stage.ts';
import type { Report } from './report.ts';
import { expectStatus, one, type Shopper } from './shopper.ts';

/** More orders than this are not placed to break a rule: `dev` lets through thousands. */
const fewOrders = 20;

/** The stage's own rule on how many orders a customer may place in an hour, where its settings make it strict. */
export async function checkFraudRules(report: Report, stage: DeployedStage, shopper: Shopper): Promise<void> {
  const { maxOrders } = stageSettings(stage.name).fraud.userVelocity;
  if (maxOrders > fewOrders) return;
  await report.check(`${stage.name}: one order more than ${maxOrders} of a customer is held`, async () => {
    const customer = await shopper.newCustomer({ withProfile: true });
    const productId = await shopper.newProduct(maxOrders + 1);
    const within = await Promise.all(
      Array.from({ length: maxOrders }, () => shopper.placed(customer, one(productId))),
    );
    for (const orderId of within) await shopper.ended(orderId, 'Paid');
    const orderId = await shopper.placed(customer, one(productId));
    await shopper.until(orderId, 'OnHold');
    const { json } = await stage.call('GET', `/order/${orderId}`, { token: shopper.manager });
    deepEqual(
      json.fraudReasons.map(({ code }: { code: string }) => code),
      ['user_velocity'],
    );
    const body = { reason: 'never so many' };
    const rejected = await stage.call('POST', `/order/${orderId}/reject`, { token: shopper.manager, body });
    expectStatus(rejected, 202);
    equal((await shopper.ended(orderId, 'Failed')).failure.code, 'review_rejected');
    await shopper.stockBecomes(productId, [1, 1]);
  });
}
