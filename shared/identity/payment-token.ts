/** Numbers as the networks give them out: Visa, Mastercard, Amex, Diners, JCB, Maestro, Discover, UnionPay, Mir. */
const cardNumber =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[0689]\d{12,17}|35\d{14,17}|(?:50|5[6-9]|6\d)\d{11,17}|220[0-4]\d{12,15})$/;

/** Signs that may stand between the groups of one number. */
const gap = /^[^\p{L}\p{N}]{1,3}$/u;
const longest = 19;

/**
 * True when a text contains a card number: 13 to 19 digits as a network gives them out that pass the Luhn check,
 * in one run or in groups, whatever digits stand before or behind (an expiry date, a security code). Of groups
 * only whole ones are taken together, and of a run that is too long only its beginning and its end, so that
 * other long numbers are rarely taken for one.
 */
export function looksLikeCardNumber(text: string): boolean {
  // Digits of other widths are digits too.
  const plain = text.normalize('NFKC');
  const groups = [...plain.matchAll(/\d+/g)].map((match) => ({
    digits: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
  return groups.some(({ digits: first, end }, index) => {
    if (hasCardAtAnEnd(first)) return true;
    let digits = first;
    let reached = end;
    for (const next of groups.slice(index + 1)) {
      if (digits.length > longest || !gap.test(plain.slice(reached, next.start))) return false;
      digits += next.digits;
      reached = next.end;
      if (isCard(digits)) return true;
    }
    return false;
  });
}

function hasCardAtAnEnd(digits: string): boolean {
  if (isCard(digits)) return true;
  return [15, 16].some((length) => isCard(digits.slice(0, length)) || isCard(digits.slice(-length)));
}

function isCard(digits: string): boolean {
  return cardNumber.test(digits) && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = digit * 2;
    const counted = doubled > 9 ? doubled - 9 : doubled;
    sum += place % 2 === 0 ? digit : counted;
  }
  return sum % 10 === 0;
}
