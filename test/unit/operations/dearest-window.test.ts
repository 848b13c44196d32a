import { expect, test } from 'vitest';
import { stageSettings } from '../../../lib/choose-settings.ts';
import { dearestFraudRules } from '../../../operations/cost/dearest-window.ts';
import { counterReads, countersPerAddress } from '../../../shared/payments/velocity.ts';

test('a checkout is measured with two counters of each velocity rule, whenever that is', () => {
  const begin = Date.parse('2026-11-23T00:00:00Z');
  const minutes = Array.from({ length: 600 }, (_, index) => index * 7);
  for (const minute of minutes) {
    const now = new Date(begin + minute * 60_000);
    const { fraud } = stageSettings('prod', { fraud: dearestFraudRules(now) });
    expect(fraud.userVelocity.windowSeconds).toBeLessThan(24 * 3600);
    for (const later of [0, 10]) {
      const createdAt = new Date(now.getTime() + later * 60_000).toISOString();
      const order = { userId: 'ann', placedFrom: { ip: '192.0.2.1' }, createdAt };
      expect(counterReads(fraud, order), `${createdAt}`).toHaveLength(2 * (1 + countersPerAddress));
    }
  }
});
