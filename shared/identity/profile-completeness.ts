import type { User } from './user.ts';

/** What an order still needs of the profile, as JSON paths that a client can ask for. */
export function missingProfileFields(
  user: Pick<User, 'addresses' | 'preferences' | 'paymentMethods'>,
): string[] {
  const hasPayment = user.preferences.paymentMethod !== undefined || user.paymentMethods.length > 0;
  return [
    ...(user.addresses.length > 0 ? [] : ['addresses']),
    ...(hasPayment ? [] : ['preferences.paymentMethod']),
  ];
}
