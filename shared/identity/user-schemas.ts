import * as z from 'zod';
import { looksLikeCardNumber } from './payment-token.ts';
import { storedRoleSchema } from './roles.ts';
import { addressSchema, deviceSchema, preferencesSchema, userSchema } from './user.ts';

/**
 * Kept and shown in lower case: Auth0 lower-cases addresses too, and so `Ann@x.com` and `ann@x.com`
 * are one account everywhere.
 */
export const emailSchema = z.email('must be an e-mail address').max(254).toLowerCase();

const noCardNumber = [
  (text: string) => !looksLikeCardNumber(text),
  'looks like a card number; send the token that the payment provider made of it',
] as const;

/** Shown as given; unique without regard to case. */
export const usernameSchema = z
  .string()
  .min(3)
  .max(40)
  .regex(/^[A-Za-z0-9._-]*$/, 'may have letters, digits, dots, underscores and dashes only');

/** Names that people have already stay good to look for. */
const newUsernameSchema = usernameSchema.refine(...noCardNumber);
const phoneSchema = z.e164('must be a number in E.164 form, e.g. +14155550100');
const passwordSchema = z.string().min(1).max(128);
const requestDeviceSchema = z.strictObject({
  os: z.string().trim().min(1).max(60),
  browser: z.string().trim().min(1).max(60),
});
export type RequestDevice = z.infer<typeof requestDeviceSchema>;

export const existsRequest = z
  .strictObject({ email: emailSchema.optional(), username: usernameSchema.optional() })
  .refine(({ email, username }) => (email === undefined) !== (username === undefined), {
    message: 'send either email or username',
    path: ['email'],
  });

export const existsAnswer = z.object({
  exists: z.boolean(),
  userId: z.string().optional(),
  role: storedRoleSchema.optional(),
});

export const registerRequest = z.strictObject({
  username: newUsernameSchema,
  email: emailSchema,
  password: passwordSchema,
  phone: phoneSchema.optional(),
  deviceInfo: requestDeviceSchema.optional(),
});

export const registerAnswer = z.object({
  userId: z.string(),
  status: z.literal('created'),
  role: z.literal('Customer'),
});

export const loginRequest = z.strictObject({
  email: emailSchema,
  password: passwordSchema,
  deviceInfo: requestDeviceSchema.optional(),
  captchaToken: z.string().min(1).max(4096).optional(),
  mfa: z
    .strictObject({
      challengeId: z.string().min(1).max(64),
      code: z.string().regex(/^\d{6}$/, 'must be six digits'),
    })
    .optional(),
});

export const loginAnswer = z.object({
  token: z.string(),
  tokenType: z.literal('Bearer'),
  /** Seconds. */
  expiresIn: z.int(),
  userId: z.string(),
  role: storedRoleSchema,
  isProfileComplete: z.boolean(),
  profileCompletionPrompted: z.boolean(),
  newDevice: z.boolean(),
});

export const passwordResetRequest = z.strictObject({ email: emailSchema });

export const userParams = z.strictObject({ userId: z.string().min(1).max(128) });

/** `role` and `disabled` are the Admin's; the use case refuses them from anyone else. */
export const updateUserRequest = z.strictObject({
  username: newUsernameSchema.optional(),
  /** null removes it. */
  phone: phoneSchema.nullable().optional(),
  profileCompletionPrompted: z.boolean().optional(),
  lastSelectedAddress: z.string().trim().min(1).max(40).optional(),
  role: storedRoleSchema.optional(),
  disabled: z.boolean().optional(),
});
export type UserPatch = z.infer<typeof updateUserRequest>;

const paymentMethodRequest = z.strictObject({
  token: z
    .string()
    .min(1)
    .max(255)
    .refine(...noCardNumber),
  brand: z
    .string()
    .trim()
    .min(1)
    .max(30)
    .refine(...noCardNumber)
    .optional(),
  last4: z
    .string()
    .regex(/^\d{4}$/, 'must be the last four digits')
    .optional(),
  isDefault: z.boolean().optional(),
});

export const detailsRequest = z.strictObject({
  addresses: z
    .array(addressSchema.superRefine(refuseCardNumbers))
    .max(20)
    .superRefine(refuseTwoDefaults)
    .superRefine((addresses, context) =>
      refuseRepetition(
        addresses.map(({ label }) => label.toLowerCase()),
        'label',
        context,
      ),
    ),
  preferences: preferencesSchema.superRefine(refuseCardNumbers),
  paymentMethods: z
    .array(paymentMethodRequest)
    .max(10)
    .superRefine(refuseTwoDefaults)
    .superRefine((methods, context) =>
      refuseRepetition(
        methods.map(({ token }) => token),
        'token',
        context,
      ),
    )
    .optional(),
});
export type UserDetails = z.infer<typeof detailsRequest>;

/** The User of the contract. Tokens of payment methods and internal flags are not in it, and so cannot leave. */
export const userAnswer = z.object({
  ...userSchema.omit({
    disabled: true,
    erasureStartedAt: true,
    trustFirstDevice: true,
    providerCustomerId: true,
    paymentMethods: true,
    deviceInfo: true,
  }).shape,
  accessLevel: z.literal([0, 1, 2, 3]),
  paymentMethods: z.array(
    z.object({ id: z.string(), brand: z.string(), last4: z.string(), isDefault: z.boolean() }),
  ),
  deviceInfo: z.array(z.object(deviceSchema.shape)),
});

/** In every text of the object. Not part of what is stored: a record from before must stay readable. */
function refuseCardNumbers<T extends object>(fields: T, context: RefineContext<T>): void {
  const [isFine, message] = noCardNumber;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string' && !isFine(value)) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  }
}

type RefineContext<T> = z.core.$RefinementCtx<T>;

function refuseTwoDefaults<T extends { isDefault?: boolean | undefined }>(
  items: readonly T[],
  context: RefineContext<T[]>,
): void {
  const first = items.findIndex((item) => item.isDefault);
  items.forEach((item, index) => {
    if (item.isDefault && index !== first) {
      context.addIssue({
        code: 'custom',
        path: [index, 'isDefault'],
        message: 'only one may be the default',
      });
    }
  });
}

function refuseRepetition<T>(keys: readonly string[], field: string, context: RefineContext<T[]>): void {
  keys.forEach((key, index) => {
    if (keys.indexOf(key) !== index) {
      context.addIssue({ code: 'custom', path: [index, field], message: 'is used twice' });
    }
  });
}
