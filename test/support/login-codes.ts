import type { LocalRuntime } from '../../local/runtime.ts';

/** A code that is surely another. */
export const otherThan = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

/** The code that was sent for a challenge, as a person reads it in the outbox. */
export function sentCode(
  { runtime }: { readonly runtime: Pick<LocalRuntime, 'outbox'> },
  challengeId: string,
): string {
  for (const { attributes, message } of runtime.outbox()) {
    if (attributes.type !== 'mfa_code') continue;
    const { notificationId, data } = JSON.parse(message);
    if (notificationId === challengeId) return data.code;
  }
  throw new Error(`No code was sent for ${challengeId}`);
}
