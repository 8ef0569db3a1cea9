import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseStkCallback } from '../../../actors/gateways/mpesa/callback.ts'

const DOCUMENTED = {
  Body: {
    stkCallback: {
      MerchantRequestID: '29115-34620561-1',
      CheckoutRequestID: 'ws_CO_191220191020363925',
      ResultCode: 0,
      ResultDesc: 'The service request is processed successfully.',
      CallbackMetadata: {
        Item: [
          { Name: 'Amount', Value: 1.0 },
          { Name: 'MpesaReceiptNumber', Value: 'NLJ7RT61SV' },
          { Name: 'Balance' },
          { Name: 'TransactionDate', Value: 20191219102115 },
          { Name: 'PhoneNumber', Value: 254708374149 },
        ] as unknown[],
      },
    },
  },
}

function bodyWith(change: Record<string, unknown>) {
  return { Body: { stkCallback: { ...DOCUMENTED.Body.stkCallback, ...change } } }
}

function withItems(Item: unknown) {
  return bodyWith({ CallbackMetadata: { Item } })
}

function parsed(body: unknown) {
  const result = parseStkCallback(body)
  if (!result.ok) throw new Error(result.problem)
  return result.callback
}

describe('STK callback', () => {
  test('reads the documented success, in minor units and UTC', () => {
    expect(parsed(DOCUMENTED)).toEqual({
      merchantRequestId: '29115-34620561-1',
      checkoutRequestId: 'ws_CO_191220191020363925',
      resultCode: '0',
      resultDesc: 'The service request is processed successfully.',
      amount: 100,
      currency: 'KES',
      receipt: 'NLJ7RT61SV',
      transactionDate: '2019-12-19T07:21:15.000Z',
      phone: '254708374149',
      raw: DOCUMENTED,
    })
  })

  test('reads a failure, which has no metadata', () => {
    const failure = { Body: { stkCallback: { MerchantRequestID: 'm', CheckoutRequestID: 'c', ResultCode: 1032, ResultDesc: 'Request cancelled by user' } } }
    expect(parsed(failure)).toEqual({
      merchantRequestId: 'm', checkoutRequestId: 'c', resultCode: '1032', resultDesc: 'Request cancelled by user', currency: 'KES', raw: failure,
    })
  })

  test('the order of the items does not matter', () => {
    const { Item } = DOCUMENTED.Body.stkCallback.CallbackMetadata
    const { raw: _raw, ...expected } = parsed(DOCUMENTED)
    fc.assert(fc.property(fc.shuffledSubarray(Item, { minLength: Item.length }), (shuffled) => {
      expect(parsed(withItems(shuffled))).toMatchObject(expected)
    }))
  })

  test.each([
    [1, 100], [1.0, 100], ['1', 100], ['1.00', 100], [1.5, 150], ['80.25', 8_025], [250_000, 25_000_000], [10.1, 1_010], [0.07, 7],
  ])('amount %j is %i cents exactly', (value, cents) => {
    expect(parsed(withItems([{ Name: 'Amount', Value: value }])).amount).toBe(cents)
  })

  test('every amount in cents survives as number and as text', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 25_000_000 }), (cents) => {
      expect(parsed(withItems([{ Name: 'Amount', Value: cents / 100 }])).amount).toBe(cents)
      expect(parsed(withItems([{ Name: 'Amount', Value: (cents / 100).toFixed(2) }])).amount).toBe(cents)
    }))
  })

  test.each([[1.005], ['-5'], ['1e3'], [''], [null], [undefined], [{ value: 1 }], ['ten']])('an amount like %j is left out, never guessed', (value) => {
    expect(parsed(withItems([{ Name: 'Amount', Value: value }]))).not.toHaveProperty('amount')
  })

  test('a result code may be text, and the description prefixed', () => {
    const callback = parsed(bodyWith({ ResultCode: ' 1037 ', ResultDesc: '[STK_CB - ]DS timeout user cannot be reached' }))
    expect(callback).toMatchObject({ resultCode: '1037', resultDesc: 'DS timeout user cannot be reached' })
    expect(parsed(bodyWith({ ResultCode: 'SFC_IC0003' })).resultCode).toBe('SFC_IC0003')
  })

  test('Balance may be text or missing its Value, the numbers may be texts', () => {
    const callback = parsed(withItems([
      { Name: 'Balance', Value: '{Amount={BasicAmount=5.00}}' },
      { Name: 'PhoneNumber', Value: '254708374149' },
      { Name: 'TransactionDate', Value: '20191219102115' },
      { Name: 'Amount', Value: '1.00' },
      { Name: 'MpesaReceiptNumber', Value: 'NLJ7RT61SV' },
    ]))
    expect(callback).toMatchObject({ amount: 100, phone: '254708374149', transactionDate: '2019-12-19T07:21:15.000Z', receipt: 'NLJ7RT61SV' })
  })

  test('items that are no items, one item alone and unknown fields cost nothing', () => {
    const odd = { Body: { stkCallback: { ...bodyWith({ Novelty: { deep: true } }).Body.stkCallback, CallbackMetadata: { Item: [null, 7, { Name: 'Amount', Value: 3 }] } } }, more: 1 }
    const callback = parsed(odd)
    expect(callback.amount).toBe(300)
    expect(callback.raw).toBe(odd)
    expect(parsed(withItems({ Name: 'Amount', Value: 2 })).amount).toBe(200)
    expect(parsed(bodyWith({ CallbackMetadata: 'none' })).resultCode).toBe('0')
  })

  test('an impossible date is left out', () => {
    expect(parsed(withItems([{ Name: 'TransactionDate', Value: 20190230102115 }]))).not.toHaveProperty('transactionDate')
  })

  test.each([
    [undefined], [null], [''], [[]], [{}], [{ Body: {} }], [bodyWith({ CheckoutRequestID: ' ' })], [bodyWith({ CheckoutRequestID: undefined })],
    [bodyWith({ ResultCode: undefined })], [bodyWith({ ResultCode: '' })], [bodyWith({ ResultCode: {} })],
  ])('refuses what is no callback: %j', (body) => {
    expect(parseStkCallback(body)).toMatchObject({ ok: false, raw: body })
  })

  test('never throws, whatever the internet sends', () => {
    fc.assert(fc.property(fc.anything(), (body) => {
      expect(parseStkCallback(body).ok).toBe(false)
      expect(() => parseStkCallback({ Body: { stkCallback: body } })).not.toThrow()
      expect(() => parseStkCallback(withItems(body))).not.toThrow()
    }))
  })
})
