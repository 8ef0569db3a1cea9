import { describe, expect, it } from 'vitest'
import type { SessionInput } from '../../../machines/hotspot-session/events.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { HOUR_PACKAGE } from './payment.fixture.ts'
import { Play, START } from './play.ts'

const HOUR_MS = 3_600_000
const input: SessionInput = { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: HOUR_PACKAGE, macAddress: null, paidAt: START }
const newSession = (fields: Partial<SessionInput> = {}) => new Play(hotspotSessionMachine, { ...input, ...fields })

const start = (acctSessionId = 'a1') => ({ type: 'session.start', acctSessionId })
const stop = (acctSessionId = 'a1') => ({ type: 'session.stop', acctSessionId })

describe('hotspot session: paid time', () => {
  it('is ready at once and tells until when', () => {
    const session = newSession({ paidAt: START - 500 })
    expect(session.state).toBe('ready')
    expect(session.facts).toEqual([
      {
        type: 'session.ready',
        source: { kind: 'payment', id: 'pay_1' },
        phone: '254708374149',
        macAddress: null,
        package: HOUR_PACKAGE,
        startsAt: START - 500,
        expiresAt: START - 500 + HOUR_MS,
        credentialVersion: 1,
        at: START,
      },
    ])
    expect(session.context.expiresAtIso).toBe('2026-01-01T00:59:59.500Z')
  })

  it('ends when the paid time is over, counted from the payment', () => {
    const session = newSession({ paidAt: START - 500 })
    expect(session.elapse('paidTime')).toBe(HOUR_MS - 500)
    expect(session.state).toBe('expired')
    expect(session.facts).toMatchObject([{ type: 'session.expired', reason: 'time', note: null, source: { kind: 'payment', id: 'pay_1' }, packageId: 'hour' }])
  })

  it('does not charge the customer for an outage of ours', () => {
    const session = newSession({ paidAt: START - 2 * HOUR_MS })
    expect(session.context).toMatchObject({ startsAt: START, expiresAt: START + HOUR_MS })
    expect(session.dueInMs('paidTime')).toBe(HOUR_MS)
  })

  it('logging in and out neither lengthens nor shortens it', () => {
    const session = newSession()
    session.send(start(), 600_000)
    expect(session.state).toBe('online')
    expect(session.dueInMs('paidTime')).toBe(HOUR_MS - 600_000)
    session.send(stop(), 600_000)
    expect(session.state).toBe('ready')
    expect(session.elapse('paidTime')).toBe(HOUR_MS - 1_200_000)
    expect(session.now).toBe(START + HOUR_MS)
  })

  it('ends at once if a login arrives after the end', () => {
    const session = newSession()
    session.send(start(), HOUR_MS + 5)
    expect(session.dueInMs('paidTime')).toBe(0)
  })

  it('lasts for packages beyond what a timer of the platform can wait', () => {
    const days = 60
    const session = newSession({ package: { ...HOUR_PACKAGE, durationSeconds: days * 86_400 } })
    expect(session.dueInMs('paidTime')).toBe(days * 24 * HOUR_MS)
  })
})

describe('hotspot session: devices', () => {
  it('is online while any device is', () => {
    const session = newSession()
    session.send(start('a1'))
    session.send(start('a2'))
    session.send(start('a2'))
    expect(session.context).toMatchObject({ devicesOnline: ['a1', 'a2'], logins: 2 })
    session.send(stop('a1'))
    expect(session.state).toBe('online')
    session.send(stop('a2'))
    expect(session.state).toBe('ready')
    expect(session.context.devicesOnline).toEqual([])
  })

  it('takes a late stop after the end', () => {
    const session = newSession()
    session.send(start())
    session.elapse('paidTime')
    expect(session.send(stop(), 1_000)).toBe(true)
    expect(session.context.devicesOnline).toEqual([])
    expect(session.send(start())).toBe(false)
  })
})

describe('hotspot session: credentials are shown once', () => {
  it.each(['ready', 'online'])('in %s', (state) => {
    const session = newSession()
    if (state === 'online') session.send(start())
    expect(session.send({ type: 'session.revealCredentials' }, 10)).toBe(true)
    expect(session.facts).toEqual([{ type: 'session.credentialsRevealed', at: session.now }])
    expect(session.context.credentialsShownAt).toBe(session.now)
    expect(session.state).toBe(state)
    expect(session.send({ type: 'session.revealCredentials' })).toBe(false)
  })

  it('not after the end', () => {
    const session = newSession()
    session.elapse('paidTime')
    expect(session.send({ type: 'session.revealCredentials' })).toBe(false)
  })

  it('never holds them', () => {
    expect(JSON.stringify(newSession().context)).not.toMatch(/password/i)
  })
})

describe('hotspot session: the end', () => {
  it.each([
    ['session.close', 'closed', 'ready'],
    ['session.revoke', 'revoked', 'ready'],
    ['session.close', 'closed', 'online'],
    ['session.revoke', 'revoked', 'online'],
  ])('%s ends access with reason %s from %s', (type, reason, from) => {
    const session = newSession()
    if (from === 'online') session.send(start())
    session.send({ type, reason: 'refunded' })
    expect(session.state).toBe('expired')
    expect(session.facts).toMatchObject([{ type: 'session.expired', reason, note: 'refunded' }])
    expect(session.send({ type, reason: 'again' })).toBe(false)
  })

  it('closes when late accounting has had its time', () => {
    const session = newSession()
    session.elapse('paidTime')
    expect(session.elapse('settlingTime')).toBe(HOUR_MS)
    expect(session.state).toBe('closed')
    expect(session.facts).toMatchObject([{ type: 'session.closed', reason: 'time' }])
    expect(session.snapshot).toMatchObject({ status: 'done', output: { reason: 'time' } })
  })
})
