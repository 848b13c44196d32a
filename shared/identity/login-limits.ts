import * as z from 'zod';

const counterLimits = z
  .strictObject({
    /** After so many failures each further attempt wants a CAPTCHA. */
    captchaAfter: z.int().positive(),
    /** After so many failures no attempt is heard until the window has passed. */
    lockAfter: z.int().positive(),
  })
  .refine(({ captchaAfter, lockAfter }) => captchaAfter < lockAfter, 'captchaAfter must be below lockAfter');

/**
 * How often a login may fail. An address has wider limits than an account: a whole office or a mobile
 * network may stand behind it.
 */
export const loginLimitsSchema = z.strictObject({
  account: counterLimits,
  address: counterLimits,
  /** How long a failure counts after the latest one, and so how long a lock lasts. */
  windowSeconds: z.int().min(60),
  /** Codes that are sent to one user within a window, so that nobody's telephone is flooded. */
  codesPerWindow: z.int().positive(),
  /** Codes that are sent to one telephone number or mailbox within a window, through whatever accounts. */
  codesPerDestination: z.int().positive(),
  /** Wrong codes of one user, each counted until a day after the latest, before only known devices get in. */
  wrongCodes: z.int().positive(),
});
export type LoginLimits = z.infer<typeof loginLimitsSchema>;
