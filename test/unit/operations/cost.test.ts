import { describe, expect, test } from 'vitest';
import { budgetOf, risen } from '../../../operations/cost/budget.ts';
import { assertOutcome } from '../../../operations/cost/measure.ts';
import { bill, total } from '../../../operations/cost/price.ts';
import { leastOf, type Measurement } from '../../../operations/cost/usage.ts';
import { newestPrices, overBudget } from '../../../operations/cost.ts';

const list = newestPrices();
const times = { memoryMb: 1024, milliseconds: { order: 20 } };

function aMeasurement(
  usage: Partial<Measurement['usage']> = {},
  lambdas: Record<string, number> = {},
): Measurement {
  return {
    usage: {
      stateTransition: 14,
      dynamoDbRead: 9,
      dynamoDbWrite: 47,
      apiRequest: 1,
      snsPublish: 1,
      sqsRequest: 0,
      kinesisKilobyte: 1,
      firehoseKilobyte: 5,
      lambdas: { order: 2, ...lambdas },
      ...usage,
    },
    behind: { dynamoDbRead: 4, dynamoDbWrite: 20, sqsRequest: 2, lambdas: { insights: 1 } },
    logKilobytes: 1,
    milliseconds: { order: 20 },
  };
}

describe('the bill of 1,000 checkouts', () => {
  test('has a line for each thing that was used, by the price list', () => {
    const lines = bill(aMeasurement().usage, 0, list, times);
    const line = (what: string) => lines.find((one) => one.what === what);
    expect(line('stateTransition')?.dollars).toBeCloseTo(0.35, 10);
    expect(line('apiRequest')?.dollars).toBeCloseTo(0.0035, 10);
    expect(line('lambdaGbSecond')).toMatchObject({ quantity: 0.04 });
    expect(line('lambdaGbSecond')?.dollars).toBeCloseTo(0.04 * 1000 * 0.0000133334, 12);
    expect(line('sqsRequest')).toBeUndefined();
    expect(total(lines)).toBeGreaterThan(0.38);
  });

  test('reckons a Lambda that nobody has measured with 50 ms', () => {
    const quantity = (lambdas: Record<string, number>) =>
      bill(aMeasurement({ lambdas }).usage, 0, list, times).find(({ what }) => what === 'lambdaGbSecond')
        ?.quantity;
    expect(quantity({ newcomer: 1 })).toBe(0.05);
  });
});

test.each([
  ['paid', 'Failed'],
  ['declined', 'Paid'],
] as const)('a checkout that was to be %s and ended %s is not measured', (scenario, status) => {
  expect(() => assertOutcome(scenario, status)).toThrow('nothing is measured');
});

describe('the budget', () => {
  const measured = aMeasurement();
  const dollars = total(bill(measured.usage, 0, list, times));
  const budget = budgetOf(measured, dollars);

  test('is kept by what it was made of', () => {
    expect(risen(measured, dollars, budget)).toEqual([]);
  });

  test.each([
    ['a transition', aMeasurement({ stateTransition: 15 }), 'stateTransition: 15, budget 14'],
    ['a request unit', aMeasurement({ dynamoDbWrite: 48 }), 'dynamoDbWrite: 48, budget 47'],
    ['a request of a Lambda', aMeasurement({}, { order: 3 }), 'Lambda order: 3, budget 2'],
    ['a Lambda', aMeasurement({}, { newcomer: 1 }), 'Lambda newcomer: 1, budget 0'],
  ])('is overrun by %s more, and so is its price', (_, more, text) => {
    const price = total(bill(more.usage, 0, list, times));
    const all = overBudget(
      { paid: more, declined: measured },
      {
        measuredOn: '2026-11-22',
        milliseconds: times.milliseconds,
        scenarios: { paid: { ...budget, dollars: 1 }, declined: { ...budget, dollars: 1 } },
      },
      list,
    );
    expect(all).toEqual([`paid: ${text}`]);
    expect(risen(more, price, budget).join()).toContain('dollars per 1,000');
  });

  test('leaves room for work behind streams to fall into other batches', () => {
    const other = { ...measured, behind: { ...measured.behind, lambdas: { insights: 2 } } };
    expect(risen(other, dollars, budget)).toEqual([]);
  });

  test('notices work behind streams that has become half as much again', () => {
    const { dynamoDbWrite } = measured.behind;
    const more = { ...measured, behind: { ...measured.behind, dynamoDbWrite: 1.5 * dynamoDbWrite } };
    expect(risen(more, dollars, budget)).toEqual(['dynamoDbWrite behind: 30, budget 27']);
  });

  test('is compared with the least of several runs, so that a repetition in one does not count', () => {
    const unlucky = aMeasurement({ dynamoDbWrite: 60 }, { order: 3, authorizer: 1 });
    expect(leastOf([unlucky, measured]).usage).toEqual(measured.usage);
  });
});
