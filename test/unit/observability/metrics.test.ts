import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createMetricsPublisher } from '../../../shared/observability/metrics.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.stubEnv('STAGE', 'dev');
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const one = { name: 'OrdersPaid', unit: 'Count', value: 1 } as const;
const published = () => lines.map((line) => JSON.parse(line));

it('publishes by stage and service, and by what else is told, with the order beside them', () => {
  const publish = createMetricsPublisher('insights');
  publish({ measurements: [one], by: { currency: 'USD' }, about: { orderId: 'order-1' } });
  expect(published()).toMatchObject([
    { stage: 'dev', service: 'insights', currency: 'USD', orderId: 'order-1', OrdersPaid: 1 },
  ]);
  expect(published()[0]._aws.CloudWatchMetrics).toEqual([
    {
      Namespace: 'Storefront',
      Dimensions: [
        ['service', 'stage'],
        ['service', 'stage', 'currency'],
      ],
      Metrics: [{ Name: 'OrdersPaid', Unit: 'Count' }],
    },
  ]);
});

it('keeps amounts of different currencies apart, and events from one another', () => {
  const publish = createMetricsPublisher('insights');
  publish({
    measurements: [{ ...one, name: 'AmountPaid', unit: 'NoUnit' }],
    by: { currency: 'EUR' },
    onlyBy: true,
  });
  publish({ measurements: [one] });
  const [amount, plain] = published();
  expect(amount._aws.CloudWatchMetrics[0]).toMatchObject({
    Dimensions: [['service', 'stage', 'currency']],
    Metrics: [{ Name: 'AmountPaid', Unit: 'None' }],
  });
  expect(plain._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service', 'stage']]);
  expect(plain).not.toHaveProperty('currency');
});

it('says nothing when there is nothing to be measured', () => {
  createMetricsPublisher('insights')({ measurements: [] });
  expect(lines).toEqual([]);
});
