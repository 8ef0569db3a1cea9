import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isGatewayError } from '../../../actors/gateways/errors.ts'
import { toWholeShillings } from '../../../actors/gateways/mpesa/amount.ts'
import { callbackUrlWarnings } from '../../../actors/gateways/mpesa/callback-url.ts'
import { stkPushFields } from '../../../actors/gateways/mpesa/stk-fields.ts'
import { formatNairobi, parseNairobi, signRequest } from '../../../actors/gateways/mpesa/timestamp.ts'

const AT = Date.parse('2026-11-22T21:30:05.999Z')

const merchant = {
  shortcode: '174379', passkey: 'pass', transactionType: 'CustomerPayBillOnline', partyB: '174379',
  callbackUrl: 'https://pay.example.com/hooks/daraja/x/stk', shillingsMax: 250_000,
} as const
const request = { phone: '254708374149', amount: 1_000, currency: 'KES', accountReference: 'ACC-1', description: 'One hour' }

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (isGatewayError(error) && !error.retryable && !error.uncertain) return error.code
    throw error
  }
  return undefined
}

describe('timestamp', () => {
  test('is Nairobi time whatever the zone of the machine', () => {
    expect(formatNairobi(AT)).toBe('20261123003005')
  })

  test('Password is made from the same moment', () => {
    expect(signRequest('174379', 'pass', AT)).toEqual({
      Timestamp: '20261123003005',
      Password: Buffer.from('174379pass20261123003005').toString('base64'),
    })
  })

  test('goes there and back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      expect(parseNairobi(formatNairobi(seconds * 1000))).toBe(new Date(seconds * 1000).toISOString())
    }))
  })

  test.each([['20190230102115'], ['20191301102115'], ['20190101250000'], ['2019'], [''], ['2019121910211x']])('%s is no moment', (digits) => {
    expect(parseNairobi(digits)).toBeUndefined()
  })
})

describe('amount', () => {
  test('whole shillings pass, anything finer is refused and never rounded', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 25_000_000 }), (amount) => {
      if (amount % 100 === 0) expect(toWholeShillings({ amount, currency: 'KES' })).toBe(amount / 100)
      else expect(codeOf(() => toWholeShillings({ amount, currency: 'KES' }))).toBe('fractional-amount')
    }))
  })

  test.each([
    [0, 'KES', 'amount-out-of-range'], [-100, 'KES', 'amount-out-of-range'], [25_000_100, 'KES', 'amount-out-of-range'],
    [100.5, 'KES', 'fractional-amount'], [Number.NaN, 'KES', 'fractional-amount'], [1_000, 'USD', 'unsupported-currency'],
  ])('%d %s is %s', (amount, currency, code) => {
    expect(codeOf(() => toWholeShillings({ amount, currency }))).toBe(code)
  })

  test('the ceiling is configuration', () => {
    expect(codeOf(() => toWholeShillings({ amount: 10_100, currency: 'KES' }, 100))).toBe('amount-out-of-range')
    expect(toWholeShillings({ amount: 10_000, currency: 'KES' }, 100)).toBe(100)
  })
})

describe('the 11 fields', () => {
  test('are as Daraja documents them', () => {
    expect(stkPushFields(request, merchant, AT)).toEqual({
      BusinessShortCode: '174379',
      Password: Buffer.from('174379pass20261123003005').toString('base64'),
      Timestamp: '20261123003005',
      TransactionType: 'CustomerPayBillOnline',
      Amount: 10,
      PartyA: '254708374149',
      PartyB: '174379',
      PhoneNumber: '254708374149',
      CallBackURL: merchant.callbackUrl,
      AccountReference: 'ACC-1',
      TransactionDesc: 'One hour',
    })
  })

  test.each([
    [{ accountReference: '' }, 'invalid-field'], [{ accountReference: 'x'.repeat(13) }, 'invalid-field'],
    [{ description: ' ' }, 'invalid-field'], [{ description: 'x'.repeat(14) }, 'invalid-field'],
    [{ phone: '0708374149' }, 'invalid-phone'], [{ phone: '255708374149' }, 'invalid-phone'], [{ phone: '254808374149' }, 'invalid-phone'],
    [{ callbackUrl: 'not a url' }, 'invalid-field'], [{ amount: 1_050 }, 'fractional-amount'],
  ])('%j is %s', (change, code) => {
    expect(codeOf(() => stkPushFields({ ...request, ...change }, merchant, AT))).toBe(code)
  })

  test('the longest allowed texts pass, and a payment may have its own callback address', () => {
    const callbackUrl = 'https://pay.example.com/p/1'
    const fields = stkPushFields({ ...request, accountReference: 'x'.repeat(12), description: 'y'.repeat(13), callbackUrl }, merchant, AT)
    expect(fields.CallBackURL).toBe(callbackUrl)
  })
})

describe('callback address', () => {
  test('a good one has no warnings', () => {
    expect(callbackUrlWarnings('https://pay.example.com/hooks/daraja/5f1b/stk')).toEqual([])
  })

  test.each([
    ['http://pay.example.com/x', /https/], ['https://127.0.0.1/x', /private/], ['https://localhost:3000/x', /private/], ['https://192.168.1.4/x', /private/],
    ['https://[::1]/x', /private/], ['https://pay.example.com/mpesa/cb', /"mpesa"/], ['https://pay.example.com/SQL', /"sql"/], ['nonsense', /not a URL/],
  ])('%s warns', (url, words) => {
    expect(callbackUrlWarnings(url).join('; ')).toMatch(words)
  })

  test('a warning never tells the address, whose path is a secret', () => {
    expect(callbackUrlWarnings('http://127.0.0.1/hooks/s3cr3t/query').join()).not.toContain('s3cr3t')
  })
})
