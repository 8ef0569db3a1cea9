import { describe, expect, it } from 'vitest'
import { parseAsyncResult } from '../../../actors/gateways/mpesa/async-result.ts'
import { parseC2b } from '../../../actors/gateways/mpesa/c2b.ts'
import { c2bBody } from '../../support/callbacks.ts'

describe('a C2B body', () => {
  it('gives what it tells, in our terms', () => {
    expect(parseC2b(c2bBody({}))).toEqual({
      ok: true,
      transaction: {
        receipt: 'RKTQDM7W6S', amount: 1_000, currency: 'KES', shortcode: '600638', accountReference: '12345674', at: '2026-01-01T03:38:45.000Z', phone: null,
        payer: { hash: null, masked: '2547*****126', name: 'JOHN DOE' },
      },
    })
  })

  it.each([
    ['254708374149', { phone: '254708374149', payer: { hash: null, masked: null } }],
    ['A'.repeat(64), { phone: null, payer: { hash: 'a'.repeat(64), masked: null } }],
    ['', { phone: null, payer: { hash: null, masked: null } }],
    [254708374149, { phone: '254708374149' }],
  ])('tells the payer as %s', (MSISDN, expected) => {
    expect(parseC2b(c2bBody({ MSISDN }))).toMatchObject({ transaction: expected })
  })

  it('may leave out what it does not need, and hold what it should not', () => {
    expect(parseC2b({ TransID: ' rktqdm7w6s ', TransAmount: 5, BillRefNumber: 'a\0b' })).toMatchObject({ ok: true, transaction: { receipt: 'RKTQDM7W6S', amount: 500, at: null, accountReference: 'a b', payer: { name: null } } })
    expect(parseC2b(c2bBody({ TransAmount: '0.001' }))).toMatchObject({ transaction: { amount: undefined } })
  })

  it.each([null, [], {}, { TransID: '' }, { TransID: { a: 1 } }])('%j is none', (body) => {
    expect(parseC2b(body).ok).toBe(false)
  })
})

describe('a result', () => {
  const result = (fields: object) => ({ Result: { ResultCode: 0, ResultDesc: 'ok', OriginatorConversationID: 'oc', ConversationID: 'AG', TransactionID: 'SKR9', ...fields } })

  it.each([
    [result({}), { resultCode: '0', resultDesc: 'ok', originatorConversationId: 'oc', conversationId: 'AG', receipt: 'SKR9' }],
    [result({ ResultCode: 'R000001', TransactionID: undefined }), { resultCode: 'R000001', resultDesc: 'ok', originatorConversationId: 'oc', conversationId: 'AG' }],
    [result({ ResultParameters: { ResultParameter: { Key: 'TransactionStatus', Value: 'Completed' } } }), { transactionStatus: 'Completed' }],
    [result({ ResultParameters: { ResultParameter: [{ Key: 'TransactionReceipt', Value: 'SKR8' }, { Key: 'Charge', Value: 5.5 }, { odd: true }, 'odder'] } }), { receipt: 'SKR8', charge: 550 }],
    [result({ ResultParameters: 'none', ResultDesc: null, OriginatorConversationID: '' }), { resultCode: '0', resultDesc: '' }],
  ])('%# is read', (body, expected) => {
    expect(parseAsyncResult(body)).toMatchObject({ ok: true, result: expected })
  })

  it.each([undefined, {}, { Result: {} }, { Result: { ResultCode: '' } }])('%j is none', (body) => {
    expect(parseAsyncResult(body).ok).toBe(false)
  })
})
