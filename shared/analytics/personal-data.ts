import { isIP } from 'node:net';
import { looksLikeCardNumber } from '../identity/payment-token.ts';

/**
 * True for what plainly names a person: an e-mail address, a telephone number as people write it, a network
 * address, a card number. A bare run of digits is none: ids, times and amounts look the same.
 */
export function looksPersonal(value: string | number): boolean {
  const text = String(value).normalize('NFKC');
  return (
    /\S@\S+\.\S/.test(text) ||
    hasTelephoneNumber(text) ||
    /(^|[^\d.])\d{1,3}(\.\d{1,3}){3}($|[^\d.])/.test(text) ||
    hasIpv6(text) ||
    looksLikeCardNumber(text)
  );
}

/** With the sign of a country code, however spaced; or in the groups in which national numbers are written. */
function hasTelephoneNumber(text: string): boolean {
  const joined = text.replaceAll(/[^\p{L}\p{N}+]/gu, '');
  return (
    /\+\d{7,}/.test(joined) ||
    /\(\d{2,5}\)[ ./-]{0,2}\d{3}/.test(text) ||
    /(?<!\d|\d[.-])\d{3}[ .-]\d{3}[ .-]\d{4}(?![\d.-])/.test(text) ||
    hasTrunkPrefix(text)
  );
}

/** 0 or 00 and groups of digits; shorter ones are dates and times. */
function hasTrunkPrefix(text: string): boolean {
  const candidates = text.match(/(?<!\d|\d[.:-])0\d{1,5}(?:[ /-]\d{2,})+(?![\d.-])/g) ?? [];
  return candidates.some((candidate) => candidate.replaceAll(/\D/g, '').length >= 9);
}

function hasIpv6(text: string): boolean {
  const words = text.split(/[^\p{L}\p{N}:.]+/u).filter((word) => word.length > 2);
  return words.some((word) => [word, word.replace(/[.:]$/, '')].some((address) => isIP(address) === 6));
}
