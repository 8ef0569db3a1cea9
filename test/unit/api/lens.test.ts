/** What callers without the right to personal data see of events and facts. */
import { expect, it } from 'vitest'
import { definePayment } from '../../../actors/payment/definition.ts'
import { defineSubscription } from '../../../actors/subscription/definition.ts'
import { lensOf } from '../../../api/privacy/lens.ts'
import { RECEIVED } from '../machines/payment.fixture.ts'

const masked = (definition: Parameters<typeof lensOf>[0], payload: object): object => lensOf(definition, false).payload(payload)
const payment = definePayment({} as Parameters<typeof definePayment>[0])
const subscription = defineSubscription({} as Parameters<typeof defineSubscription>[0])

it('the name of a customer is masked, that of what was sold is not', () => {
  const plan = { id: 'home', name: 'Home 5', amount: 1_000 }
  expect(masked(subscription, { type: 'subscription.activated', name: 'Otieno', phone: '254708374149', plan, package: plan, customer: { name: 'Otieno' } })).toEqual({
    type: 'subscription.activated', name: 'O***', phone: '2547*****149', plan, package: plan, customer: { name: 'O***' },
  })
})

it('of money that came by itself only who paid it is masked', () => {
  expect(masked(payment, { received: RECEIVED, package: { name: 'One hour' } })).toEqual({
    received: { ...RECEIVED, accountReference: '1***', payer: { hash: null, masked: '2***', name: 'J***' } },
    package: { name: 'One hour' },
  })
  // What was said of it may be a phone.
  expect(masked(payment, { type: 'payment.reviewNeeded', reason: 'phone-mismatch', received: '254708374149', receipt: 'NLJ7RT61SV' })).toEqual({
    type: 'payment.reviewNeeded', reason: 'phone-mismatch', received: '2547*****149', receipt: 'NLJ7RT61SV',
  })
})
