import type { IdSource } from '../effects.ts';
import { describePaymentMethod } from '../payments/sandbox-methods.ts';
import { missingProfileFields } from './profile-completeness.ts';
import type { StoredPaymentMethod, User } from './user.ts';
import type { UserDetails } from './user-schemas.ts';

/**
 * The record with new details. Addresses and preferences replace the old ones. Payment methods do so only if
 * sent, because a client never sees the tokens that it would have to send again.
 */
export function withDetails(user: User, details: UserDetails, ids: IdSource): User {
  const { preferences } = details;
  const addresses = withOneDefault(details.addresses);
  const paymentMethods = details.paymentMethods
    ? withOneDefault(details.paymentMethods).map((method) => savedMethod(method, user, ids))
    : user.paymentMethods;
  const { lastSelectedAddress, preferredPaymentMethod: _, ...rest } = user;
  const keepsSelected = addresses.some(({ label }) => label === lastSelectedAddress);
  const preferred = preferredMethod(preferences.paymentMethod, paymentMethods);
  return {
    ...rest,
    addresses,
    preferences,
    paymentMethods,
    isProfileComplete: missingProfileFields({ addresses, preferences, paymentMethods }).length === 0,
    ...(keepsSelected && lastSelectedAddress !== undefined ? { lastSelectedAddress } : {}),
    ...(preferred === undefined ? {} : { preferredPaymentMethod: preferred }),
  };
}

/** The first is the default where none says so; that two say so is refused with the request. */
function withOneDefault<T extends { isDefault?: boolean | undefined }>(items: readonly T[]) {
  const flagged = items.findIndex((item) => item.isDefault);
  const chosen = Math.max(flagged, 0);
  return items.map((item, index) => ({ ...item, isDefault: index === chosen }));
}

/** A token that was saved before keeps its id, so that the same request twice is one change. */
function savedMethod(
  method: NonNullable<UserDetails['paymentMethods']>[number] & { isDefault: boolean },
  user: User,
  ids: IdSource,
): StoredPaymentMethod {
  const { token, isDefault } = method;
  const known = user.paymentMethods.find((saved) => saved.token === token);
  const face = known ?? describePaymentMethod(token);
  return {
    id: known?.id ?? `pm_${ids.next()}`,
    token,
    brand: method.brand ?? face.brand,
    last4: method.last4 ?? face.last4,
    isDefault,
  };
}

/** What the person said, as the id of the saved method if it names one; else the default saved method. */
function preferredMethod(
  stated: string | undefined,
  methods: readonly StoredPaymentMethod[],
): string | undefined {
  if (stated === undefined) {
    return methods.find(({ isDefault }) => isDefault)?.id;
  }
  return methods.find(({ id, token }) => id === stated || token === stated)?.id ?? stated;
}
