import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normaliseMac } from '../../../actors/gateways/mac.ts'
import { normaliseKenyanPhone, normalisePhone } from '../../../actors/gateways/phone.ts'

describe('Kenyan phone', () => {
  test.each([
    ['+254708374149'], ['254708374149'], ['0708374149'], ['708374149'], ['+254 708 374 149'], ['0708-374-149'], ['(0708) 374.149'], [' 0708 374149 '],
  ])('%s', (input) => {
    expect(normaliseKenyanPhone(input)).toEqual({ ok: true, phone: '254708374149' })
  })

  test('takes the newer 01 range', () => {
    expect(normaliseKenyanPhone('0110 123 456')).toEqual({ ok: true, phone: '254110123456' })
  })

  test.each([
    [''], ['   '], ['070837414'], ['07083741490'], ['255708374149'], ['+255 708 374 149'], ['0208374149'], ['808374149'], ['07o8374149'],
    ['0708374149; drop'], ['+44 7911 123456'], ['+2540708374149'], ['٠٧٠٨٣٧٤١٤٩'], ['0'.repeat(60)],
  ])('%j is refused with a sentence', (input) => {
    expect(normaliseKenyanPhone(input)).toEqual({ ok: false, problem: expect.stringMatching(/^[A-Z].*\.$/) as string })
  })

  test('every way of writing a number means the same number', () => {
    const digits = fc.stringMatching(/^[17]\d{8}$/)
    fc.assert(fc.property(digits, fc.constantFrom('+254', '254', '0', ''), (number, prefix) => {
      expect(normaliseKenyanPhone(prefix + number)).toEqual({ ok: true, phone: `254${number}` })
    }))
  })

  test('whatever is accepted fits Daraja', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d +()-]{0,20}$/)), (input) => {
      const result = normaliseKenyanPhone(input)
      if (result.ok) expect(result.phone).toMatch(/^254(7|1)\d{8}$/)
    }))
  })
})

describe('phone of any country', () => {
  test.each([
    ['+44 7911 123456', '447911123456'], ['+33 6 12 34 56 78', '33612345678'], ['0712 345 678', '254712345678'], ['254712345678', '254712345678'],
    ['+31612345678', '31612345678'],
  ])('%s', (input, phone) => {
    expect(normalisePhone(input)).toEqual({ ok: true, phone })
  })

  test('reads a national number in the given country', () => {
    expect(normalisePhone('06 12 34 56 78', 'FR')).toEqual({ ok: true, phone: '33612345678' })
  })

  test.each([[''], ['hello'], ['12'], ['+999123456789'], ['call 0712345678 now']])('%j is refused', (input) => {
    expect(normalisePhone(input).ok).toBe(false)
  })
})

describe('MAC', () => {
  test.each([
    ['aa:bb:cc:dd:ee:0f'], ['AA-BB-CC-DD-EE-0F'], ['aabb.ccdd.ee0f'], ['aabbccddee0f'], ['aa bb cc dd ee 0f'], ['AA:BB:CC:DD:EE:F'], [' aabb-ccdd-ee0f '],
  ])('%s', (input) => {
    expect(normaliseMac(input)).toEqual({ ok: true, mac: 'AA:BB:CC:DD:EE:0F' })
  })

  test.each([
    [''], ['aa:bb:cc:dd:ee'], ['aa:bb:cc:dd:ee:ff:00'], ['aa:bb-cc:dd:ee:ff'], ['ga:bb:cc:dd:ee:ff'], ['00:00:00:00:00:00'], ['ff:ff:ff:ff:ff:ff'],
    ['aabbccddeef'], ['aabb.ccdd:ee0f'],
  ])('%j is refused', (input) => {
    expect(normaliseMac(input).ok).toBe(false)
  })

  test('every way of writing an address means the same address', () => {
    const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((array) => Buffer.from(array).toString('hex')).filter((hex) => !/^(0+|f+)$/.test(hex))
    fc.assert(fc.property(bytes, fc.constantFrom(':', '-', ' ', ''), fc.boolean(), (hex, separator, isUpper) => {
      const written = (hex.match(/../g) ?? []).join(separator)
      expect(normaliseMac(isUpper ? written.toUpperCase() : written)).toEqual({ ok: true, mac: (hex.toUpperCase().match(/../g) ?? []).join(':') })
    }))
  })
})
