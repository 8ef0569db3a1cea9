/**
 * The check digit of ISO/IEC 7812-1 annex B (Luhn): finds every single wrong digit and nearly every swap of two neighbours, the two
 * mistakes that people make when they type an account number into a phone.
 */

/** The digit to put behind these. */
export function luhnDigit(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, index) => total + weighed(Number(digit), index % 2 === 0), 0)
  return String((10 - (sum % 10)) % 10)
}

export function isLuhnValid(digits: string): boolean {
  return /^\d{2,}$/.test(digits) && luhnDigit(digits.slice(0, -1)) === digits.at(-1)
}

function weighed(digit: number, isDoubled: boolean): number {
  if (!isDoubled) return digit
  return digit > 4 ? digit * 2 - 9 : digit * 2
}
