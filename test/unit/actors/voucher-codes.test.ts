import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVoucherCodes, readCode } from '../../../actors/voucher/codes.ts'
import { csvOf, sheetOf } from '../../../api/vouchers/sheet.ts'

const ALPHABET = '23456789BCDFGHJKLMNPQRSTVWXYZ'
const codes = createVoucherCodes('an application key of good length')
const batch = { tenant: 'main', id: 'vb_1' }
const someCode = fc.integer({ min: 1, max: 10_000 }).map((number) => codes.code(batch, number))
const place = fc.nat({ max: 11 })

const bare = (code: string): string[] => [...code.replaceAll('-', '')]

describe('voucher codes', () => {
  it('read back however they are typed', () => {
    fc.assert(
      fc.property(someCode, (code) => {
        expect(code).toMatch(/^[2-9BCDFGHJ-NP-TV-Z]{4}(-[2-9BCDFGHJ-NP-TV-Z]{4}){2}$/)
        for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' ')} `]) expect(readCode(typed)).toBe(code)
      }),
    )
  })

  it('one wrong symbol is always noticed', () => {
    fc.assert(
      fc.property(someCode, place, fc.constantFrom(...ALPHABET), (code, at, symbol) => {
        const symbols = bare(code)
        fc.pre(symbols[at] !== symbol)
        symbols[at] = symbol
        expect(readCode(symbols.join(''))).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  it('two that were swapped are always noticed', () => {
    fc.assert(
      fc.property(someCode, place, place, (code, one, other) => {
        const symbols = bare(code)
        fc.pre(one < 11 && other < 11 && symbols[one] !== symbols[other])
        const [a = '', b = ''] = [symbols[one], symbols[other]]
        symbols[one] = b
        symbols[other] = a
        expect(readCode(symbols.join(''))).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  it('are other ones for another batch, tenant or key, and say nothing of each other', () => {
    const all = [codes.code(batch, 1), codes.code(batch, 2), codes.code({ ...batch, id: 'vb_2' }, 1), codes.code({ ...batch, tenant: 'other' }, 1), createVoucherCodes('another application key').code(batch, 1)]
    expect(new Set(all).size).toBe(all.length)
    // Every symbol at every place about as often.
    const counts = new Map<string, number>()
    for (let number = 1; number <= 2_900; number++) for (const [at, symbol] of bare(codes.code(batch, number)).entries()) counts.set(`${at}${symbol}`, (counts.get(`${at}${symbol}`) ?? 0) + 1)
    expect(counts.size).toBe(12 * ALPHABET.length)
    expect(Math.max(...counts.values())).toBeLessThan(160)
  })

  it('are found by a hash that nobody can make without the key', () => {
    const code = codes.code(batch, 1)
    expect(codes.hash('main', code)).toBe(codes.hash('main', code.replaceAll('-', '')))
    expect(createVoucherCodes('another application key').hash('main', code)).not.toBe(codes.hash('main', code))
    expect(codes.hash('other', code)).not.toBe(codes.hash('main', code))
    expect(() => createVoucherCodes('short')).toThrow(RangeError)
  })
})

describe('on paper', () => {
  const about = { name: '=cmd|"x",<script>', packageName: 'One, hour', expiresAt: Date.UTC(2026, 0, 31) }
  const vouchers = [{ number: 1, code: 'BCDF-BCDF-BCDF', state: 'unused' }]

  it('a table holds no formula and no stray comma', () => {
    expect(csvOf(about, vouchers).split('\r\n')[1]).toBe(`1,BCDF-BCDF-BCDF,unused,"One, hour",2026-01-31T00:00:00.000Z,"'=cmd|""x"",<script>"`)
  })

  it('a page holds no markup of a name', () => {
    expect(sheetOf(about, vouchers)).not.toContain('<script>')
  })
})
