import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { sessionIdentifiers } from '../../../actors/hotspot-session/identifiers.ts'
import { notificationIdentifiers } from '../../../actors/notification/identifiers.ts'
import { accountReferenceOf } from '../../../actors/payment/account-reference.ts'
import { paymentIdentifiers } from '../../../actors/payment/identifiers.ts'
import { newSession } from '../../../machines/hotspot-session/context.ts'
import { newNotification } from '../../../machines/notification/context.ts'
import { newPayment } from '../../../machines/payment/context.ts'
import { HOUR_PACKAGE, INPUT } from '../machines/payment.fixture.ts'
import { change } from './change.ts'

describe('payment identifiers', () => {
  it('start with what the customer knows', () => {
    expect(paymentIdentifiers(change({ states: ['prompting'], context: newPayment({ ...INPUT, macAddress: null }) }))).toEqual([
      { kind: 'phone', value: '254708374149' },
      { kind: 'account', value: 'PAY1' },
    ])
  })

  it('grow with what M-Pesa says, receipts in capitals and each once', () => {
    const context = { ...newPayment(INPUT), checkoutRequestId: 'ws_CO_1', receipt: 'nlj7rt61sv', otherReceipts: ['NLJ7RT61SV', 'NLJ7RT61SW'], parted: ['NLJ7RT61SX'], review: { receipt: 'NLJ7RT61SX' } as never }
    expect(paymentIdentifiers(change({ states: ['completed'], context })).slice(2)).toEqual([
      { kind: 'mac', value: 'AA:BB:CC:DD:EE:FF' },
      { kind: 'checkoutRequestId', value: 'ws_CO_1' },
      { kind: 'receipt', value: 'NLJ7RT61SV' },
      { kind: 'receipt', value: 'NLJ7RT61SW' },
    ])
  })

  it('find money in review by its receipt', () => {
    const review = { reason: 'amount-mismatch' as const, expected: 1, received: 2, receipt: 'NLJ7RT61SV', code: '0', at: 0 }
    expect(paymentIdentifiers(change({ states: ['review'], context: { ...newPayment(INPUT), review } }))).toContainEqual({ kind: 'receipt', value: 'NLJ7RT61SV' })
  })

  it.each([
    ['pay_01KE3V9X8GZ2M4N6P8', '8GZ2M4N6P8'],
    ['pay_01ke3v9x8gz2m4n6p8q0', 'X8GZ2M4N6P8Q0'],
    ['a', 'A'],
    ['_-', 'PAYMENT'],
  ])('the account of %s fits what M-Pesa takes', (id, end) => {
    const reference = accountReferenceOf({ tenant: 'main', type: 'payment', id })
    expect(reference).toMatch(/^[A-Z0-9]{1,12}$/)
    expect(reference.endsWith(end.slice(-12))).toBe(true)
  })
})

it('a session is found by phone, username and device, never by its password', () => {
  const issuer = createCredentialIssuer('an application key of good length')
  const address = { tenant: 'main', type: 'hotspot-session', id: 'pay_1' }
  const context = newSession({ source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: HOUR_PACKAGE, macAddress: 'AA:BB:CC:DD:EE:FF', paidAt: 0 })
  const { username } = issuer.issue(address, 1)
  expect(sessionIdentifiers(issuer)(change({ address, states: ['ready'], context }))).toEqual([
    { kind: 'phone', value: '254708374149' },
    { kind: 'username', value: username },
    { kind: 'mac', value: 'AA:BB:CC:DD:EE:FF' },
  ])
})

it('a notification is found by phone, and by the provider id once there is one', () => {
  const context = newNotification({
    channel: 'sms',
    to: '254708374149',
    template: 'hotspot-credentials',
    locale: 'en',
    about: { tenant: 'main', type: 'hotspot-session', id: 'pay_1' },
    credentialVersion: 1,
    details: { packageName: '1 hour', expiresAt: 1 },
  })
  expect(notificationIdentifiers(change({ states: ['sending'], context }))).toEqual([{ kind: 'phone', value: '254708374149' }])
  expect(notificationIdentifiers(change({ states: ['sent'], context: { ...context, providerId: 'ATPid_1' } }))).toContainEqual({ kind: 'providerId', value: 'ATPid_1' })
})
