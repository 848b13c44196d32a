import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences, type LoadedShop, openLoadedShop } from '../support/order-load.ts';

let loaded: LoadedShop;

beforeAll(async () => {
  loaded = await openLoadedShop();
});
afterAll(() => loaded?.shop.stop());

test('list, report, check, create and recommendations cost with 1,000 orders what they cost with 100', async () => {
  await loaded.fillTo(100);
  const few = await loaded.measure();
  await loaded.fillTo(1000);
  const many = await loaded.measure();
  expect(Object.keys(few).length).toBeGreaterThanOrEqual(10);
  for (const [name, cost] of Object.entries(few)) expect(cost, name).toBeGreaterThan(0);
  expect(differences(few, many, 0.02)).toEqual([]);
});
