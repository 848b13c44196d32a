import * as z from 'zod';
import { countries } from './countries.ts';
import { storedRoleSchema } from './roles.ts';

export const countrySchema = z
  .string()
  .regex(/^[A-Z]{2}$/, { error: 'must be an ISO 3166-1 alpha-2 code in capitals, e.g. US', abort: true })
  .refine((code) => countries.has(code), 'is not an ISO 3166-1 country');

export const addressSchema = z.strictObject({
  label: z.string().trim().min(1).max(40),
  line1: z.string().trim().min(1).max(120),
  line2: z.string().trim().min(1).max(120).optional(),
  city: z.string().trim().min(1).max(80),
  state: z.string().trim().min(1).max(80).optional(),
  zip: z.string().trim().min(1).max(20),
  country: countrySchema,
  isDefault: z.boolean().optional(),
});
export type Address = z.infer<typeof addressSchema>;

export const preferencesSchema = z.strictObject({
  deliveryTime: z.string().trim().min(1).max(60).optional(),
  paymentMethod: z.string().trim().min(1).max(60).optional(),
  newsletterOptIn: z.boolean().optional(),
});

export const storedPaymentMethodSchema = z.strictObject({
  id: z.string(),
  /** The provider's token; never a card number and never shown to clients. */
  token: z.string(),
  brand: z.string(),
  last4: z.string(),
  isDefault: z.boolean(),
});
export type StoredPaymentMethod = z.infer<typeof storedPaymentMethodSchema>;

export const deviceSchema = z.strictObject({
  os: z.string(),
  browser: z.string(),
  ip: z.string(),
  region: z.string(),
  lastActive: z.iso.datetime(),
});
export type Device = z.infer<typeof deviceSchema>;

/** The user record as we keep it. The password lives at Auth0 alone. */
export const userSchema = z.strictObject({
  userId: z.string(),
  username: z.string(),
  email: z.string(),
  phone: z.string().optional(),
  role: storedRoleSchema,
  disabled: z.boolean(),
  /** Set while the account is being erased: the record is disabled then and can no longer be changed. */
  erasureStartedAt: z.iso.datetime().optional(),
  addresses: z.array(addressSchema.extend({ isDefault: z.boolean() })),
  preferences: preferencesSchema,
  paymentMethods: z.array(storedPaymentMethodSchema),
  /** Trusted devices, newest first, bounded. */
  deviceInfo: z.array(deviceSchema),
  /** Set for accounts that are made with no device on record: the first one to log in is trusted without a code. */
  trustFirstDevice: z.boolean().optional(),
  region: z.string(),
  isProfileComplete: z.boolean(),
  profileCompletionPrompted: z.boolean(),
  lastSelectedAddress: z.string().optional(),
  preferredPaymentMethod: z.string().optional(),
  /** The payment provider's id of this customer, with which it keeps the cards that have paid. */
  providerCustomerId: z.string().optional(),
  /** SNS endpoints of the person's apps, by ARN; shown to nobody. */
  pushEndpoints: z.array(z.string().startsWith('arn:')).max(10).optional(),
  /** Number of orders that were paid. */
  orderCount: z.int(),
  lastActiveAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type User = z.infer<typeof userSchema>;

/** What is known of somebody from the beginning; `at` is when that is. */
type NewUser = Pick<User, 'userId' | 'username' | 'email' | 'role' | 'region'> &
  Partial<Pick<User, 'phone' | 'deviceInfo' | 'trustFirstDevice'>> & { readonly at: string };

/** The record of an account that was just made. */
export function newUser({ at, ...known }: NewUser): User {
  return {
    disabled: false,
    addresses: [],
    preferences: {},
    paymentMethods: [],
    deviceInfo: [],
    isProfileComplete: false,
    profileCompletionPrompted: false,
    orderCount: 0,
    lastActiveAt: at,
    createdAt: at,
    updatedAt: at,
    version: 1,
    ...known,
  };
}
