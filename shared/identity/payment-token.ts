/** True when a text contains 13 to 19 digits that pass the Luhn check, with or without spaces and dashes. */
export function looksLikeCardNumber(text: string): boolean {
  const runs = text.replaceAll(/[\s-]/g, '').match(/\d{13,}/g) ?? [];
  return runs.some((digits) => digits.length <= 19 && passesLuhn(digits));
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
