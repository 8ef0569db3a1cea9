import { describe, expect, test } from 'vitest'
import { darajaError, isTokenRefused, type DarajaEndpoint } from '../../../actors/gateways/mpesa/errors.ts'

const refused = (status: number, errorCode?: string, errorMessage = 'words', headers: Record<string, string> = {}) => ({
  status,
  json: errorCode === undefined ? undefined : { requestId: '1-2-3', errorCode, errorMessage },
  text: errorCode === undefined ? '<html>gateway</html>' : '',
  headers,
})

type Row = readonly [DarajaEndpoint, number, string | undefined, string, expected: Record<string, unknown>]

const TABLE: readonly Row[] = [
  ['stk-push', 400, '400.002.02', 'Bad Request - Invalid PhoneNumber', { code: 'invalid-field', retryable: false, uncertain: false }],
  ['stk-push', 400, '400.002.05', 'Invalid Request Payload', { code: 'invalid-payload', retryable: false, uncertain: false }],
  ['stk-push', 400, '400.003.02', 'Bad Request', { code: 'invalid-request', retryable: false, uncertain: false }],
  ['stk-push', 400, '400.003.01', 'Invalid Access Token', { code: 'token-refused', retryable: true, uncertain: false }],
  ['stk-push', 401, '401.003.01', 'Invalid Access Token', { code: 'token-refused', retryable: true, uncertain: false }],
  ['stk-push', 404, '404.001.03', 'Invalid Access Token', { code: 'token-refused', retryable: true, uncertain: false }],
  ['stk-push', 404, '404.001.04', 'Invalid Authentication Header', { code: 'auth-header-refused', retryable: false, uncertain: false }],
  ['stk-query', 404, '404.003.01', 'Resource not found', { code: 'not-found', retryable: false, uncertain: false }],
  ['stk-push', 500, '500.003.1001', 'Internal Server Error', { code: 'provider-failed', retryable: false, uncertain: true }],
  ['stk-query', 500, '500.003.1001', 'Internal Server Error', { code: 'provider-failed', retryable: true, uncertain: false }],
  ['stk-push', 500, '500.003.02', 'Spike Arrest Violation', { code: 'rate-limited', retryable: true, retryAfterMs: 10_000, uncertain: false }],
  ['stk-push', 500, '500.003.03', 'Quota Violation', { code: 'quota-exceeded', retryable: true, retryAfterMs: 300_000, uncertain: false }],
  ['stk-push', 500, '500.001.1001', '[MerchantValidate] - Wrong credentials', { code: 'wrong-credentials', retryable: false, uncertain: false }],
  ['stk-push', 500, '500.001.1001', 'Merchant does not exist', { code: 'merchant-unknown', retryable: false, uncertain: false }],
  ['stk-push', 500, '500.001.1001', 'Unable to lock subscriber, a transaction is already in process for the current subscriber',
    { code: 'subscriber-locked', retryable: true, retryAfterMs: 60_000, uncertain: false }],
  ['stk-push', 500, '500.001.1001', 'System error', { code: 'provider-failed', retryable: false, uncertain: true }],
  ['stk-query', 500, '500.001.1001', 'System error', { code: 'provider-failed', retryable: true, uncertain: false }],
  ['oauth', 400, '400.008.01', 'Invalid Authentication passed', { code: 'wrong-credentials', retryable: false, uncertain: false }],
  ['oauth', 401, undefined, '', { code: 'wrong-credentials', retryable: false }],
  ['oauth', 503, undefined, '', { code: 'provider-failed', retryable: true, uncertain: false }],
  ['stk-push', 400, '400.999.99', 'never heard of', { code: 'refused', retryable: false, uncertain: false }],
  ['stk-push', 401, undefined, '', { code: 'token-refused', retryable: true, uncertain: false }],
  ['stk-push', 429, undefined, '', { code: 'rate-limited', retryable: true, uncertain: false }],
  ['stk-push', 502, undefined, '', { code: 'provider-failed', retryable: false, uncertain: true }],
  ['stk-query', 504, undefined, '', { code: 'provider-failed', retryable: true, uncertain: false }],
  ['stk-push', 200, undefined, '', { code: 'answer-not-understood', retryable: false, uncertain: true }],
  ['stk-push', 302, undefined, '', { code: 'answer-not-understood', retryable: false, uncertain: true }],
]

describe('Daraja refusals', () => {
  test.each(TABLE)('%s HTTP %i %s "%s"', (endpoint, status, errorCode, errorMessage, expected) => {
    const error = darajaError(endpoint, refused(status, errorCode, errorMessage), [])
    expect(error).toMatchObject({ ...expected, providerCode: errorCode })
    expect(error.detail).toMatchObject({ endpoint, httpStatus: status })
    expect(error.uncertain && error.retryable).toBe(false)
  })

  test('names the field', () => {
    expect(darajaError('stk-push', refused(400, '400.002.02', 'Bad Request - Invalid PhoneNumber'), []).detail).toMatchObject({ field: 'PhoneNumber' })
  })

  test('Retry-After is honoured', () => {
    expect(darajaError('stk-push', refused(429, undefined, '', { 'retry-after': '7' }), []).retryAfterMs).toBe(7_000)
  })

  test('no secret and no phone number gets through, even if echoed', () => {
    const error = darajaError('stk-push', refused(400, '400.002.02', 'Bad token s3cr3t for 254708374149'), ['s3cr3t'])
    expect(error.message).toContain('[redacted] for 2547*****149')
    expect(JSON.stringify([error.message, error.detail, error.stack])).not.toMatch(/s3cr3t|254708374149/)
  })

  test('only token codes, or a bare 401, call for a fresh token', () => {
    expect(['400.003.01', '401.003.01', '404.001.03'].every((code) => isTokenRefused(refused(400, code)))).toBe(true)
    expect(isTokenRefused(refused(401))).toBe(true)
    expect([refused(404, '404.001.04'), refused(500, '500.001.1001'), refused(500), refused(200)].some(isTokenRefused)).toBe(false)
  })
})
