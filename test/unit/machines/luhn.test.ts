import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLuhnValid, luhnDigit } from '../../../machines/luhn.ts'

describe('check digits', () => {
  // ISO/IEC 7812-1 annex B, and card numbers published for tests.
  it.each(['79927398713', '4111111111111111', '5500005555555559', '378282246310005', '18'])('%s', (number) => {
    expect(isLuhnValid(number)).toBe(true)
    expect(luhnDigit(number.slice(0, -1))).toBe(number.at(-1))
  })

  it('find every single wrong digit', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9]\d{6}$/), fc.nat(7), fc.integer({ min: 1, max: 9 }), (digits, place, change) => {
        const number = digits + luhnDigit(digits)
        const wrong = [...number].map((digit, index) => (index === place ? String((Number(digit) + change) % 10) : digit)).join('')
        return isLuhnValid(number) && !isLuhnValid(wrong)
      }),
    )
  })

  it.each(['', '0', '7', '7992739871', '7992739871x', '79927398710'])('%j is not valid', (number) => {
    expect(isLuhnValid(number)).toBe(false)
  })
})
