import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeReason, fraudReasonSchema } from '../../../shared/payments/fraud-reason.ts';
import { judge, placementCountry, type Suspect, setLimit } from '../../../shared/payments/fraud-rules.ts';
import { fraudRulesSchema } from '../../../shared/payments/fraud-settings.ts';
import { fraudRules } from '../../support/builders/fraud.ts';

type Over = Partial<Omit<Suspect, 'payment' | 'facts'>> & {
  payment?: Partial<Suspect['payment']>;
  facts?: Suspect['facts'];
};

const suspect = ({ payment, ...over }: Over = {}): Suspect => ({
  total: { amount: 2000, currency: 'USD' },
  deliveryCountry: 'US',
  facts: { paidOrders: 0 },
  ...over,
  payment: { provider: 'sandbox', fraudFlag: false, ...payment },
});
const codes = (rules: Parameters<typeof fraudRules>[0], over?: Over) =>
  judge(fraudRules(rules), suspect(over)).map(({ code }) => code);

describe('the provider’s flag', () => {
  test('is a reason of its own, with all rules of ours off', () => {
    expect(judge(fraudRules(), suspect({ payment: { fraudFlag: true } }))).toEqual([
      { code: 'provider_risk', facts: { provider: 'sandbox' } },
    ]);
  });

  test('comes before every reason of ours', () => {
    const facts = { paidOrders: 0, recentOrders: { userVelocity: 4 } };
    expect(codes({ userVelocity: {} }, { facts, payment: { fraudFlag: true } })).toEqual([
      'provider_risk',
      'user_velocity',
    ]);
  });
});

describe.each([
  ['userVelocity', 'user_velocity'],
  ['addressVelocity', 'address_velocity'],
] as const)('the rule %s', (rule, code) => {
  const placed = (orders: number) => ({ facts: { paidOrders: 0, recentOrders: { [rule]: orders } } });

  test('lets as many orders pass as the limit says, and holds the next', () => {
    expect(codes({ [rule]: { maxOrders: 3 } }, placed(3))).toEqual([]);
    expect(judge(fraudRules({ [rule]: { maxOrders: 3 } }), suspect(placed(4)))).toEqual([
      { code, facts: { orders: 4, limit: 3, windowSeconds: 3600 } },
    ]);
  });

  test('holds nothing that was not counted, and nothing when it is off', () => {
    expect(codes({ [rule]: { maxOrders: 1 } })).toEqual([]);
    expect(codes({ [rule]: { maxOrders: 1 } }, { facts: undefined })).toEqual([]);
    expect(codes({ [rule]: { enabled: false } }, placed(99))).toEqual([]);
  });
});

describe('the rule countryMismatch', () => {
  const from = (payment: string | undefined, placedIn?: string, paidOrders = 0): Over => ({
    payment: { country: payment },
    facts: { paidOrders, ...(placedIn === undefined ? {} : { placedIn }) },
  });

  test('tells which countries are not the one that is delivered to', () => {
    const rules = fraudRules({ countryMismatch: {} });
    expect(judge(rules, suspect(from('GB', 'NG')))).toEqual([
      { code: 'country_mismatch', facts: { delivery: 'US', payment: 'GB', placement: 'NG' } },
    ]);
    expect(judge(rules, suspect(from('GB', 'US')))).toEqual([
      { code: 'country_mismatch', facts: { delivery: 'US', payment: 'GB' } },
    ]);
    expect(judge(rules, suspect(from('US', 'NG')))).toEqual([
      { code: 'country_mismatch', facts: { delivery: 'US', placement: 'NG' } },
    ]);
  });

  test('sees no mismatch where countries agree or are not known', () => {
    expect(codes({ countryMismatch: {} }, from('US', 'US'))).toEqual([]);
    expect(codes({ countryMismatch: {} }, from(undefined))).toEqual([]);
    expect(codes({ countryMismatch: {} }, { ...from('GB', 'NG'), deliveryCountry: undefined })).toEqual([]);
  });

  test('compares only what it is told to', () => {
    expect(codes({ countryMismatch: { compare: ['payment'] } }, from('US', 'NG'))).toEqual([]);
    expect(codes({ countryMismatch: { compare: ['placement'] } }, from('GB', 'US'))).toEqual([]);
  });

  test('takes countries of one group for one, and of two groups for two', () => {
    const alike = [
      ['US', 'PR'],
      ['GB', 'JE'],
    ];
    expect(codes({ countryMismatch: { alike } }, from('PR'))).toEqual([]);
    expect(codes({ countryMismatch: { alike } }, from('JE'))).toEqual(['country_mismatch']);
  });

  test('asks a customer no more who has paid enough orders', () => {
    const rules = { countryMismatch: { exemptAfterPaidOrders: 3 } };
    expect(codes(rules, from('GB', undefined, 2))).toEqual(['country_mismatch']);
    expect(codes(rules, from('GB', undefined, 3))).toEqual([]);
    expect(codes({ countryMismatch: {} }, from('GB', undefined, 1000))).toEqual(['country_mismatch']);
  });

  test('does nothing when it is off', () => {
    expect(codes({ countryMismatch: { enabled: false } }, from('GB', 'NG'))).toEqual([]);
  });
});

describe('the rule firstOrderAmount', () => {
  const limit = { amount: 2000, currency: 'USD' };
  const first = { facts: { paidOrders: 0, firstOrderLimit: limit } };
  const total = (amount: number, currency = 'USD') => ({ total: { amount, currency } });

  test('lets a first order of exactly the limit pass, and holds one of a cent more', () => {
    expect(codes({ firstOrderAmount: {} }, { ...first, ...total(2000) })).toEqual([]);
    expect(judge(fraudRules({ firstOrderAmount: {} }), suspect({ ...first, ...total(2001) }))).toEqual([
      { code: 'first_order_amount', facts: { total: { amount: 2001, currency: 'USD' }, limit } },
    ]);
  });

  test('holds no order that has no limit, or one in another currency', () => {
    expect(codes({ firstOrderAmount: {} }, total(1_000_000))).toEqual([]);
    expect(codes({ firstOrderAmount: {} }, { ...first, ...total(1_000_000, 'JPY') })).toEqual([]);
  });

  test('does nothing when it is off', () => {
    expect(codes({ firstOrderAmount: { enabled: false } }, { ...first, ...total(2001) })).toEqual([]);
  });

  test('has the limit that is set for a currency', () => {
    const rules = fraudRules({ firstOrderAmount: { limits: [{ amount: 45_000, currency: 'EUR' }] } });
    expect(setLimit(rules.firstOrderAmount, 'EUR')).toEqual({ amount: 45_000, currency: 'EUR' });
    expect(setLimit(rules.firstOrderAmount, 'USD')).toEqual({ amount: 50_000, currency: 'USD' });
    expect(setLimit(rules.firstOrderAmount, 'JPY')).toBeUndefined();
  });
});

describe('every verdict', () => {
  const country = fc.constantFrom('US', 'GB', 'NG', undefined);
  const suspects: fc.Arbitrary<Suspect> = fc.record({
    total: fc.record({ amount: fc.nat(5000), currency: fc.constantFrom('USD', 'JPY') }),
    deliveryCountry: country,
    facts: fc.record({
      paidOrders: fc.nat(4),
      firstOrderLimit: fc.constant({ amount: 2000, currency: 'USD' }),
      recentOrders: fc.record({ userVelocity: fc.nat(6), addressVelocity: fc.nat(6) }),
    }),
    payment: fc.record({ provider: fc.constant('sandbox'), fraudFlag: fc.boolean(), country }),
  });
  const all = fraudRules({
    userVelocity: {},
    addressVelocity: {},
    countryMismatch: {},
    firstOrderAmount: {},
  });

  test('is the same however often it is asked for, fits the record, and has a sentence for each reason', () => {
    fc.assert(
      fc.property(suspects, (one) => {
        const reasons = judge(all, one);
        expect(judge(all, structuredClone(one))).toEqual(reasons);
        for (const reason of reasons) {
          expect(fraudReasonSchema.parse(reason)).toEqual(reason);
          expect(describeReason(reason)).toMatch(/^[A-Z].+\.$/);
        }
        expect(new Set(reasons.map(({ code }) => code)).size).toBe(reasons.length);
      }),
    );
  });

  test('has nothing but the provider’s flag once every rule is off', () => {
    fc.assert(
      fc.property(suspects, (one) => {
        const reasons = judge(fraudRules(), one).map(({ code }) => code);
        expect(reasons).toEqual(one.payment.fraudFlag ? ['provider_risk'] : []);
      }),
    );
  });
});

describe('where an order was placed', () => {
  test('is where the request was seen, else where the account is from', () => {
    expect(placementCountry('DE', 'US')).toBe('DE');
    expect(placementCountry('local', 'US')).toBe('US');
  });

  test.each(['unknown', 'local', 'T1', 'A1', 'XX', 'erased'])('is not known by %s', (region) => {
    expect(placementCountry(region, region)).toBeUndefined();
  });
});

describe('settings of the rules', () => {
  const rules = fraudRules();
  const refuse = (change: object) =>
    expect(fraudRulesSchema.safeParse({ ...rules, ...change }).success).toBe(false);

  test('refuse a window that is not of whole slots, and a limit of none', () => {
    refuse({ userVelocity: { ...rules.userVelocity, windowSeconds: 100 } });
    refuse({ userVelocity: { ...rules.userVelocity, windowSeconds: 12 } });
    refuse({ addressVelocity: { ...rules.addressVelocity, maxOrders: 0 } });
  });

  test('refuse two limits in one currency, a country that is none, and a comparison with nothing', () => {
    const euros = { amount: 1, currency: 'EUR' };
    refuse({ firstOrderAmount: { ...rules.firstOrderAmount, limits: [euros, euros] } });
    refuse({ countryMismatch: { ...rules.countryMismatch, alike: [['US', 'XX']] } });
    refuse({ countryMismatch: { ...rules.countryMismatch, compare: [] } });
    refuse({ countryMismatch: { ...rules.countryMismatch, compare: ['payment', 'payment'] } });
  });
});
