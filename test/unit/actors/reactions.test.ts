import { describe, expect, it } from 'vitest'
import { derivedId } from '../../../actors/derived-id.ts'
import { reactions } from '../../../actors/reactions.ts'
import { sessionEvents, sessionInput } from '../../../machines/hotspot-session/events.ts'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { notificationInput } from '../../../machines/notification/events.ts'
import type { Fact } from '../../../runtime/model/messages.ts'
import { brought, C2B_INPUT, HOUR_PACKAGE } from '../machines/payment.fixture.ts'
import { Play, START, type Message } from '../machines/play.ts'

function published(type: string, message: Message | undefined): Fact {
  const { type: fact, ...data } = message ?? { type: 'none' }
  const address = { tenant: 'acme', type, id: 'pay_1' }
  return { key: 'k', address, seq: 1, type: fact, data, at: START, correlationId: 'c', causationId: 'e' }
}

describe('reactions', () => {
  it('a completed payment starts exactly one access, in its tenant and under its own id', () => {
    const [message, ...rest] = reactions.payment['payment.completed'](published('payment', brought.completed().facts[0]))
    expect(rest).toEqual([])
    expect(message).toEqual({
      kind: 'start',
      to: { tenant: 'acme', type: 'hotspot-session', id: 'pay_1' },
      input: { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: HOUR_PACKAGE, macAddress: 'AA:BB:CC:DD:EE:FF', paidAt: START + 20_000 },
    })
    expect(sessionInput.parse((message as { input: unknown }).input)).toEqual((message as { input: unknown }).input)
  })

  it('a payment for something else than access starts none', () => {
    expect(reactions.payment['payment.completed'](published('payment', new Play(paymentMachine, C2B_INPUT).facts[1]))).toMatchObject([{ kind: 'event', event: { type: 'subscription.pay' } }])
  })

  it('money that went back ends the access that it had paid for, and nothing else', () => {
    const back = (fields: object) => reactions.payment['payment.reversed'](published('payment', { type: 'payment.reversed', purpose: { kind: 'hotspot' }, wasCredited: true, reason: 'sold twice', ...fields }))
    const [message] = back({})
    expect(message).toEqual({ kind: 'event', to: { tenant: 'acme', type: 'hotspot-session', id: 'pay_1' }, event: { type: 'session.revoke', reason: 'The payment went back: sold twice' } })
    expect(sessionEvents['session.revoke'].safeParse({ reason: 'The payment went back: sold twice' }).success).toBe(true)
    const forSubscription = { purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, amount: 1_900, credited: 2_000 }
    expect([back({ wasCredited: false }), back({ ...forSubscription, wasCredited: false })]).toEqual([[], []])
    expect(back(forSubscription)).toMatchObject([{ kind: 'event', to: { type: 'subscription', id: 'sub_1' }, event: { type: 'subscription.revokePayment', amount: 2_000 } }])
  })

  it('a claim has the provider asked, by one reconciliation of the tenant', () => {
    const to = { tenant: 'acme', type: 'reconciliation', id: 'mpesa' }
    expect(reactions.payment['payment.claimed'](published('payment', { type: 'payment.claimed', receipt: 'NLJ7RT61SV' }))).toEqual([{ kind: 'start', to, input: {} }, { kind: 'event', to, event: { type: 'reconciliation.pull' } }])
  })

  it('found money becomes the payment that follows from its receipt, or is told to the one that is there', () => {
    const found = (fields: object) => reactions.reconciliation['reconciliation.moneyFound'](published('reconciliation', { type: 'reconciliation.moneyFound', paymentId: 'pay_9', receipt: 'NLJ7RT61SV', ...fields }))
    const to = { tenant: 'acme', type: 'payment', id: 'pay_9' }
    expect(found({ input: C2B_INPUT })).toEqual([{ kind: 'start', to, input: C2B_INPUT }])
    expect(found({ event: { type: 'payment.callback' } })).toEqual([{ kind: 'event', to, event: { type: 'payment.callback' } }])
  })

  it('a ready session starts one SMS, which names the session instead of holding a secret', () => {
    const session = new Play(hotspotSessionMachine, { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: HOUR_PACKAGE, macAddress: null, paidAt: START })
    const [message, ...rest] = reactions['hotspot-session']['session.ready'](published('hotspot-session', session.facts[0]))
    expect(rest).toEqual([])
    expect(message).toEqual({
      kind: 'start',
      to: { tenant: 'acme', type: 'notification', id: 'pay_1-credentials' },
      input: {
        channel: 'sms',
        to: '254708374149',
        template: 'hotspot-credentials',
        locale: 'en',
        about: { tenant: 'acme', type: 'hotspot-session', id: 'pay_1' },
        credentialVersion: 1,
        details: { packageName: '1 hour', expiresAt: START + 3_600_000 },
      },
    })
    expect(notificationInput.parse((message as { input: unknown }).input)).toEqual((message as { input: unknown }).input)
  })
})

describe('derived ids', () => {
  it('are readable when they fit', () => {
    expect(derivedId('pay_1', 'credentials')).toBe('pay_1-credentials')
  })

  it('stay within the limit, stable and distinct', () => {
    const [one, two] = [derivedId('a'.repeat(64), 'credentials'), derivedId(`${'a'.repeat(63)}b`, 'credentials')]
    expect(one).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(one).toBe(derivedId('a'.repeat(64), 'credentials'))
    expect(one).not.toBe(two)
  })
})
