import { describe, expect, it } from 'vitest'
import { derivedId } from '../../../actors/derived-id.ts'
import { reactions } from '../../../actors/reactions.ts'
import { sessionInput } from '../../../machines/hotspot-session/events.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { notificationInput } from '../../../machines/notification/events.ts'
import type { Fact } from '../../../runtime/model/messages.ts'
import { brought, HOUR_PACKAGE } from '../machines/payment.fixture.ts'
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
