import { type FraudRules, fraudRulesSchema } from '../../../shared/payments/fraud-settings.ts';

const velocity = { enabled: false, windowSeconds: 3600, maxOrders: 3 };

/** Fraud rules that are all off, but for those that the test turns on. */
export function fraudRules(on: { [Rule in keyof FraudRules]?: Partial<FraudRules[Rule]> } = {}): FraudRules {
  const off: FraudRules = {
    userVelocity: velocity,
    addressVelocity: velocity,
    countryMismatch: { enabled: false, compare: ['payment', 'placement'], alike: [] },
    firstOrderAmount: { enabled: false, limit: { amount: 50_000, currency: 'USD' }, limits: [] },
  };
  return fraudRulesSchema.parse({
    userVelocity: { ...off.userVelocity, ...turnedOn(on.userVelocity) },
    addressVelocity: { ...off.addressVelocity, ...turnedOn(on.addressVelocity) },
    countryMismatch: { ...off.countryMismatch, ...turnedOn(on.countryMismatch) },
    firstOrderAmount: { ...off.firstOrderAmount, ...turnedOn(on.firstOrderAmount) },
  });
}

/** Naming a rule turns it on, unless it says otherwise. */
function turnedOn<T extends object>(rule: T | undefined) {
  return rule ? { enabled: true, ...rule } : {};
}
