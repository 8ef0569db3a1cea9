import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDeliveryReport } from '../../../actors/gateways/sms/delivery-report.ts'
import { judgeByName, judgeRecipient } from '../../../actors/gateways/sms/recipient-status.ts'
import { measureSms } from '../../../actors/gateways/sms/segments.ts'

describe('segments', () => {
  test.each([
    ['', 'GSM-7', 1], ['a'.repeat(160), 'GSM-7', 1], ['a'.repeat(161), 'GSM-7', 2], ['a'.repeat(306), 'GSM-7', 2], ['a'.repeat(307), 'GSM-7', 3],
    ['€'.repeat(80), 'GSM-7', 1], ['€'.repeat(81), 'GSM-7', 2], ['é@£', 'GSM-7', 1],
    ['ł'.repeat(70), 'UCS-2', 1], ['ł'.repeat(71), 'UCS-2', 2], ['ł'.repeat(134), 'UCS-2', 2], ['ł'.repeat(135), 'UCS-2', 3],
    ['😀'.repeat(35), 'UCS-2', 1], ['😀'.repeat(36), 'UCS-2', 2],
    ['ok ✓', 'UCS-2', 1],
  ])('%#: %s', (text, encoding, segments) => {
    expect(measureSms(text)).toMatchObject({ encoding, segments })
  })

  test('an escaped character is never split over two segments', () => {
    // 152 + 2 does not fit in 153: the euro moves to the second segment, and 152 more fit behind it only with a third.
    expect(measureSms('a'.repeat(152) + '€' + 'a'.repeat(152)).segments).toBe(3)
    expect(measureSms('a'.repeat(151) + '€' + 'a'.repeat(153)).segments).toBe(2)
    // 66 units + a surrogate pair do not fit in 67.
    expect(measureSms('ł'.repeat(66) + '😀' + 'ł'.repeat(66)).segments).toBe(3)
  })

  test('a longer text never needs fewer segments', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.string({ maxLength: 50 }), (text, more) => {
      expect(measureSms(text + more).segments).toBeGreaterThanOrEqual(measureSms(text).segments)
    }))
  })
})

describe('recipient status', () => {
  test.each([
    [100, { kind: 'accepted', status: 'queued' }], [101, { kind: 'accepted', status: 'sent' }], [102, { kind: 'accepted', status: 'queued' }],
    [401, { code: 'risk-hold', retryable: false }], [402, { code: 'invalid-sender', retryable: false }], [403, { code: 'invalid-phone', retryable: false }],
    [404, { code: 'unsupported-number', retryable: false }], [405, { code: 'insufficient-balance', retryable: true }],
    [406, { code: 'blocked-by-recipient', retryable: false }], [407, { code: 'could-not-route', retryable: true }],
    [409, { code: 'do-not-disturb', retryable: false }], [500, { code: 'provider-failed', retryable: true }],
    [501, { code: 'network-failed', retryable: true }], [502, { code: 'refused-by-network', retryable: false }],
  ])('%i', (statusCode, verdict) => {
    expect(judgeRecipient({ statusCode, messageId: 'None' })).toMatchObject(verdict)
  })

  test('an unknown code is accepted only with a message id', () => {
    expect(judgeRecipient({ statusCode: 103, messageId: 'ATPid_1' }).kind).toBe('accepted')
    expect(judgeRecipient({ statusCode: 103, messageId: 'None' }).kind).toBe('refused')
    expect(judgeRecipient({ statusCode: 499, messageId: 'ATPid_1' }).kind).toBe('refused')
  })

  test('a fault may be named in the message alone', () => {
    expect(judgeByName('InvalidSenderId')).toMatchObject({ code: 'invalid-sender' })
    expect(judgeByName('Sent to 0/1')).toBeUndefined()
    expect(judgeByName('Sent')).toBeUndefined()
  })
})

describe('delivery report', () => {
  test.each([
    ['Sent', 'sent', false], ['Submitted', 'sent', false], ['Buffered', 'buffered', false], ['Rejected', 'failed', true], ['Success', 'delivered', true],
    ['Failed', 'failed', true], ['AbsentSubscriber', 'failed', true], ['Expired', 'expired', true],
  ])('%s is %s', (status, normalised, isFinal) => {
    const form = { id: 'ATPid_1', status, phoneNumber: '+254712345678', networkCode: '63902', retryCount: '2', failureReason: 'UserIsInactive' }
    expect(parseDeliveryReport(form)).toEqual({
      ok: true,
      report: {
        providerId: 'ATPid_1', status: normalised, isFinal, providerStatus: status,
        failureReason: 'UserIsInactive', phone: '254712345678', networkCode: '63902', retryCount: 2,
      },
    })
  })

  test('only id and status are needed', () => {
    expect(parseDeliveryReport({ id: 'x', status: 'Success', networkCode: 63902 })).toMatchObject({ ok: true, report: { networkCode: '63902' } })
    expect(parseDeliveryReport({ id: 'x', status: 'success', failureReason: 'None', retryCount: '-' })).toEqual({
      ok: true, report: { providerId: 'x', status: 'delivered', isFinal: true, providerStatus: 'success' },
    })
  })

  test('an unknown status is told, not guessed', () => {
    expect(parseDeliveryReport({ id: 'x', status: 'Teleported' })).toEqual({ ok: false, problem: 'unknown delivery status "Teleported"' })
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.anything(), (body) => {
      expect(parseDeliveryReport(body).ok).toBe(false)
    }))
  })
})
