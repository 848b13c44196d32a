import { expect, test } from 'vitest';
import type { Examination } from '../../../operations/doctor/doctor.ts';
import { type Counted, examineCounter } from '../../../operations/doctor/repair-counter.ts';

/** Sales and the count that moves with each of them; one is made whenever `sells` says so, before a look at the facts. */
function aCounter(
  sells: (look: number) => boolean,
  start: { sold: number; counted: number },
): Counted<number> {
  const shop = { ...start };
  let looks = 0;
  return {
    kind: 'stock_drift',
    entity: { type: 'product', id: 'mug' },
    what: 'mugs sold',
    async facts() {
      looks += 1;
      if (sells(looks)) {
        shop.sold += 1;
        shop.counted += 1;
      }
      return Array.from({ length: shop.sold }, (_, sale) => sale);
    },
    counts: async () => ({ sold: shop.counted }),
    expected: (facts) => ({ sold: facts.length }),
    update: () => ({}),
  };
}
const examination = {} as Examination;

test('a counter that is right is no finding, though it moves between two looks', async () => {
  const selling = aCounter((look) => look === 2 || look === 4, { sold: 3, counted: 3 });
  expect(await examineCounter(selling, examination)).toBeUndefined();
});

test('a counter is compared with the facts of one moment, not with those of the look before', async () => {
  const selling = aCounter((look) => look === 2, { sold: 3, counted: 4 });
  expect((await examineCounter(selling, examination))?.detail).toBe(
    'mugs sold: sold 5, where its rows say sold 4',
  );
});

test('nothing is said of a counter that never stands still', async () => {
  const busy = aCounter(() => true, { sold: 3, counted: 4 });
  expect(await examineCounter(busy, examination)).toBeUndefined();
});
