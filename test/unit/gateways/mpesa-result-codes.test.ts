import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { meaningOfResultCode, RESULT_CODES } from '../../../machines/payment/result-codes.ts'

const OUTCOMES = {
  success: ['0'],
  failed: ['1', '2', '3', '4', '5', '8', '1012', '1019', '1032', '2001', '2006', '2028', '2040'],
  retry: ['17', '26', '1001', '1025', '9999', '1037'],
  review: ['15', '1026', '1031', '1036', '1050'],
  pending: ['4999'],
  configuration: ['6', '7', '11', '12', '13', '14', '20', '21', '1051', '8006', 'SFC_IC0003'],
} as const

describe('result codes', () => {
  test.each(Object.entries(OUTCOMES).flatMap(([outcome, codes]) => codes.map((code) => [code, outcome] as const)))('%s is %s', (code, outcome) => {
    expect(meaningOfResultCode(code)).toMatchObject({ code, outcome })
  })

  test('the table holds these codes and no other, each once', () => {
    expect([...RESULT_CODES.keys()].sort()).toEqual(Object.values(OUTCOMES).flat().sort())
  })

  test('0 is the only success', () => {
    expect([...RESULT_CODES.values()].filter(({ outcome }) => outcome === 'success').map(({ code }) => code)).toEqual(['0'])
  })

  test('a code may come as number', () => {
    expect(meaningOfResultCode(1032)).toBe(RESULT_CODES.get('1032'))
    expect(meaningOfResultCode(0).outcome).toBe('success')
  })

  test('every unknown code is for review, never a final failure or a success', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.integer()).filter((code) => !RESULT_CODES.has(String(code).trim())), (code) => {
      expect(meaningOfResultCode(code).outcome).toBe('review')
    }))
  })

  test('a retry names its pause, and nothing else does', () => {
    for (const { outcome, retryAfterMs } of RESULT_CODES.values()) expect(retryAfterMs !== undefined).toBe(outcome === 'retry')
    expect(meaningOfResultCode(17).retryAfterMs).toBeGreaterThanOrEqual(45_000)
    expect(meaningOfResultCode(26).retryAfterMs).toBeGreaterThanOrEqual(30_000)
    expect(meaningOfResultCode(1001).retryAfterMs).toBeGreaterThanOrEqual(60_000)
  })

  test('every code has a sentence for staff and one for the customer', () => {
    for (const { words } of [...RESULT_CODES.values(), meaningOfResultCode('?')]) {
      expect(words.staff).toMatch(/^[A-Z].*\.$/)
      expect(words.customer).toMatch(/^[A-Z].*\.$/)
    }
  })
})
