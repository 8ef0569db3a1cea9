import { randomInt } from 'node:crypto'

/** Ten letters and digits, like `NLJ7RT61SV`. */
export function makeReceipt(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  return Array.from({ length: 10 }, (_none, index) => alphabet[randomInt(index === 0 ? 26 : 36)]).join('')
}
