import { isIP } from 'node:net';
import { looksLikeCardNumber } from '../identity/payment-token.ts';

const mark = '[redacted]';

/** Members that hold what no log line may have, whatever their value looks like. Compared in lower case. */
const secretMembers: ReadonlySet<string> = new Set([
  'accesstoken',
  'address',
  'addresses',
  'authorization',
  'body',
  'captchatoken',
  'clientsecret',
  'cookie',
  'device',
  'deviceinfo',
  'email',
  'event',
  'headers',
  'ip',
  'item',
  'items',
  'mfa',
  'password',
  'paymentmethod',
  'phone',
  'placedfrom',
  'recipient',
  'reviewtoken',
  'secret',
  'sourceip',
  'tasktoken',
  'token',
  'useragent',
  'username',
  'where',
]);

/** Every repetition is bounded, or ends at a sign of its own: a long text must not take long. */
const patterns: readonly (readonly [RegExp, (found: string) => boolean])[] = [
  [/[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, always],
  // JSON Web Tokens, and whatever else is sent as a bearer token.
  [/eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, always],
  [/\bBearer\s+[^\s"',]+/gi, always],
  // Payment methods at the provider; ids of payments are none.
  [/\b(?:pm|tok|card|src)_\w+/g, always],
  // Task tokens of Step Functions.
  [/[\w+/=-]{120,}/g, always],
  [/\+\d[\d ()./-]{5,}\d/g, always],
  [/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g, (found) => isIP(found) === 4],
  [/(?<![\w:])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi, (found) => isIP(found) === 6],
  [/(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])/g, looksLikeCardNumber],
];

function always(): boolean {
  return true;
}

/**
 * A text with e-mail addresses, telephone numbers, network addresses, card numbers and tokens blacked out. A net
 * below callers that log ids and codes only: names and streets cannot be told from other words.
 */
export function redactText(text: string): string {
  return patterns.reduce(
    (kept, [pattern, isPersonal]) => kept.replace(pattern, (found) => (isPersonal(found) ? mark : found)),
    text,
  );
}

/** Replacer for JSON.stringify: blacks out members by name, and what looks personal in all other texts. */
export function redactMember(key: string, value: unknown): unknown {
  if (value !== undefined && value !== null && secretMembers.has(key.toLowerCase())) return mark;
  return typeof value === 'string' ? redactText(value) : value;
}
