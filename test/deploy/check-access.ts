import { deepEqual, equal, match, ok } from 'node:assert/strict';
import type { DeployedStage } from './deployed-stage.ts';
import type { Report } from './report.ts';
import { type Customer, expectStatus, one, type Shopper } from './shopper.ts';

/** Who may do what at a deployed stage, and how refusals look. */
export async function checkAccess(
  report: Report,
  stage: DeployedStage,
  shopper: Shopper,
  customer: Customer,
): Promise<void> {
  const { call } = stage;
  const { token } = customer;
  const check = (name: string, work: () => Promise<void>) => report.check(`${stage.name}: ${name}`, work);

  await check('API Gateway’s own refusals are problems: 401, 404, 405', async () => {
    const missing = await call('GET', '/order');
    expectStatus(missing, 401, 'unauthenticated');
    match(missing.headers.get('content-type') ?? '', /application\/problem\+json/);
    ok(missing.headers.get('x-request-id'), 'X-Request-Id');
    expectStatus(await call('GET', '/order', { token: 'not.a.token' }), 401, 'invalid_token');
    equal((await call('GET', '/nowhere')).status, 404);
    const put = await call('PUT', '/product');
    deepEqual([put.status, put.headers.get('allow')], [405, 'GET, POST']);
  });

  await check('a customer may neither write the catalogue nor read others’ orders: 403, 404', async () => {
    const body = { name: 'x', category: 'x', prices: [{ amount: 1, currency: 'USD' }], stockCount: 1 };
    expectStatus(await call('POST', '/product', { token, body }), 403, 'forbidden');
    const stranger = await shopper.newCustomer({ withProfile: true });
    const orderId = await shopper.placed(stranger, one(await shopper.newProduct()));
    expectStatus(await call('GET', `/order/${orderId}`, { token }), 404, 'not_found');
    await shopper.ended(orderId, 'Paid');
  });

  await check('the catalogue is public and validates what it is asked', async () => {
    const productId = await shopper.newProduct();
    const list = await call('GET', '/product?category=things&limit=100');
    expectStatus(list, 200);
    ok(list.json.items.some((item: { productId: string }) => item.productId === productId));
    expectStatus(await call('GET', '/product?limit=0'), 400, 'validation_failed');
  });

  await check('an account is disclosed as the stage’s setting says', async () => {
    const answer = await call('POST', '/user/exists', { body: { email: customer.email } });
    expectStatus(answer, 200);
    equal(answer.json.exists, true);
    equal('userId' in answer.json, stage.name === 'dev');
  });

  await check('an erased account is gone', async () => {
    const leaver = await shopper.newCustomer({ withProfile: true });
    expectStatus(await call('DELETE', '/user/me', { token: leaver.token }), 204);
    expectStatus(await call('GET', `/user/${leaver.userId}`, { token: shopper.admin }), 404);
  });
}
