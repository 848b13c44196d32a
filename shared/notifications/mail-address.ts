import * as z from 'zod';

const address = z.email();
const longestLocalPart = 64;
const longestAddress = 254;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Whether mail can be addressed to it at all, by the lengths of RFC 5321 too: what is none is nobody's to send to. */
export function isMailAddress(text: string | undefined): text is string {
  if (text === undefined || text.length > longestAddress || !address.safeParse(text).success) return false;
  const at = text.lastIndexOf('@');
  return (
    at <= longestLocalPart &&
    text
      .slice(at + 1)
      .split('.')
      .every((part) => label.test(part))
  );
}

/** Who mails are from. */
export interface MailSender {
  /** Shown by mail programs, as people write it. */
  readonly name?: string;
  readonly address: string;
}

const longestName = 100;
/** `Shop, Inc. <orders@shop.example>`; quotes round the name may be there or not. */
const named = /^(?:"(?<quoted>[^"\\<>\p{C}]+)"|(?<plain>[^"\\<>\p{C}]+)) <(?<address>[^<>\s]+)>$/u;

/** Reads `Name <address>` or an address alone; undefined when it is neither. */
export function readMailSender(text: string): MailSender | undefined {
  const groups = named.exec(text)?.groups;
  if (!groups) return isMailAddress(text) ? { address: text } : undefined;
  const name = (groups.quoted ?? groups.plain ?? '').trim();
  const hasName = name.length > 0 && name.length <= longestName;
  return hasName && isMailAddress(groups.address) ? { name, address: groups.address } : undefined;
}

/**
 * The sender as a header line takes it: a name with punctuation in quotes (RFC 5322), one with other letters than
 * ASCII's in encoded words (RFC 2047). SES refuses what is written otherwise, and does not say whom it means.
 */
export function fromHeader({ name, address: at }: MailSender): string {
  if (name === undefined) return at;
  if (/^[a-z0-9 ]+$/i.test(name)) return `${name} <${at}>`;
  return `${/^[ -~]+$/.test(name) ? `"${name}"` : encodedWords(name)} <${at}>`;
}

/** A word may have 75 characters, 63 of them base64: 45 bytes, and no character divided between two words. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`).join(' ');
}
