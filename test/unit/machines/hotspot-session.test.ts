import { describe, expect, it } from 'vitest'
import type { SessionInput } from '../../../machines/hotspot-session/events.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { HOUR_PACKAGE } from './payment.fixture.ts'
import { Play, START } from './play.ts'

const HOUR_MS = 3_600_000
const input: SessionInput = { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: HOUR_PACKAGE, macAddress: null, paidAt: START }
const newSession = (fields: Partial<SessionInput> = {}) => new Play(hotspotSessionMachine, { ...input, ...fields })

let revision = 0
const login = (id: string) => ({ id, device: 'AA:BB:CC:DD:EE:FF', nas: '10.8.0.2', ip: '10.5.50.2', since: START })
/** All that accounting knows by now. */
const account = (ids: string[] = ['a1'], used: { uploadBytes?: number; downloadBytes?: number; logins?: number; revision?: number } = {}) => ({
  type: 'session.account', revision: ++revision, online: ids.map(login), uploadBytes: 0, downloadBytes: 0, logins: ids.length, ...used,
})
const DONE = { sessions: 1, gone: 0, refused: 0, unknown: 0 }
const UNKNOWN = { ...DONE, sessions: 0, unknown: 1 }
const cutOff = (session: { answer(call: string, output: unknown): unknown }) => session.answer('disconnectDevices', DONE)

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
    expect(session.state).toBe('disconnecting')
    expect(session.facts).toMatchObject([{ type: 'session.expired', reason: 'time', note: null, source: { kind: 'payment', id: 'pay_1' }, packageId: 'hour', usedSeconds: 3_600, usedBytes: 0 }])
  })

  it('runs from now where it says to have been paid in time to come: nothing is free until then', () => {
    const session = newSession({ paidAt: START + 365 * 24 * HOUR_MS })
    expect(session.context).toMatchObject({ startsAt: START, expiresAt: START + HOUR_MS })
  })

  it('does not charge the customer for an outage of ours', () => {
    const session = newSession({ paidAt: START - 2 * HOUR_MS })
    expect(session.context).toMatchObject({ startsAt: START, expiresAt: START + HOUR_MS })
    expect(session.dueInMs('paidTime')).toBe(HOUR_MS)
  })

  it('logging in and out neither lengthens nor shortens it', () => {
    const session = newSession()
    session.send(account(), 600_000)
    expect(session.state).toBe('online')
    expect(session.dueInMs('paidTime')).toBe(HOUR_MS - 600_000)
    session.send(account([]), 600_000)
    expect(session.state).toBe('ready')
    expect(session.elapse('paidTime')).toBe(HOUR_MS - 1_200_000)
    expect(session.now).toBe(START + HOUR_MS)
  })

  it('ends at once if a login arrives after the end', () => {
    const session = newSession()
    session.send(account(), HOUR_MS + 5)
    expect(session.dueInMs('paidTime')).toBe(0)
  })

  it('lasts for packages beyond what a timer of the platform can wait', () => {
    const days = 60
    const session = newSession({ package: { ...HOUR_PACKAGE, durationSeconds: days * 86_400 } })
    expect(session.dueInMs('paidTime')).toBe(days * 24 * HOUR_MS)
  })
})

describe('hotspot session: what accounting tells', () => {
  it('is online while any device is', () => {
    const session = newSession()
    session.send(account(['a1']))
    expect(session.facts).toMatchObject([{ type: 'session.online', devices: 1 }])
    session.send(account(['a1', 'a2'], { uploadBytes: 5, downloadBytes: 7 }))
    expect(session.context).toMatchObject({ online: [{ id: 'a1' }, { id: 'a2' }], logins: 2, uploadBytes: 5, downloadBytes: 7, lastAccountAt: session.now })
    session.send(account(['a2']))
    expect(session.state).toBe('online')
    session.send(account([], { uploadBytes: 9, logins: 2 }))
    expect(session.state).toBe('ready')
    expect(session.facts).toMatchObject([{ type: 'session.offline', uploadBytes: 9, logins: 2 }])
  })

  it.each(['ready', 'online', 'disconnecting', 'expired'])('in %s nothing is taken twice, and nothing that was overtaken', (state) => {
    const session = newSession()
    session.send(account(state === 'ready' ? [] : ['a1'], { uploadBytes: 100, revision: 1_000 }))
    if (state === 'disconnecting' || state === 'expired') session.elapse('paidTime')
    if (state === 'expired') cutOff(session)
    expect(session.state).toBe(state)
    for (const old of [1, 999, 1_000]) expect(session.send(account(['a9'], { uploadBytes: 1, revision: old }))).toBe(false)
    expect(session.context.uploadBytes).toBe(100)
  })

  it('ends when the data is used up, however many logins it took, and not a byte before', () => {
    const session = newSession({ package: { ...HOUR_PACKAGE, dataBytes: 1_000 } })
    session.send(account(['a1'], { uploadBytes: 400, downloadBytes: 599 }))
    expect(session.state).toBe('online')
    session.send(account(['a1'], { uploadBytes: 400, downloadBytes: 600 }))
    expect(session.state).toBe('disconnecting')
    expect(session.facts).toMatchObject([{ type: 'session.expired', reason: 'data', uploadBytes: 400, downloadBytes: 600, usedBytes: 1_000 }])
  })

  it('an unlimited package never runs out', () => {
    const session = newSession({ package: { ...HOUR_PACKAGE, dataBytes: null } })
    session.send(account(['a1'], { uploadBytes: Number.MAX_SAFE_INTEGER }))
    expect(session.state).toBe('online')
  })
})

describe('hotspot session: who is still online at the end', () => {
  it('is cut off, and late accounting counts', () => {
    const session = newSession()
    session.send(account())
    session.elapse('paidTime')
    expect(session.calls.get('disconnectDevices')).toEqual({ credentialVersion: 1 })
    session.send(account([], { uploadBytes: 77 }), 1_000)
    expect(session.state).toBe('disconnecting')
    cutOff(session)
    expect(session.state).toBe('expired')
    session.send(account([], { uploadBytes: 78 }), 1_000)
    session.elapse('settlingTime')
    expect(session.facts).toMatchObject([{ type: 'session.closed', uploadBytes: 78 }])
  })

  it('is cut off again when somebody turns up later', () => {
    const session = newSession()
    session.elapse('paidTime')
    cutOff(session)
    session.send(account(), 1_000)
    expect(session.state).toBe('disconnecting')
    expect(session.facts).toEqual([])
    cutOff(session)
    expect(session.elapse('settlingTime')).toBe(HOUR_MS)
  })

  it('does not hold the session up when staff give the call up', () => {
    const session = newSession()
    session.elapse('paidTime')
    session.breakDown('disconnectDevices', { name: 'Error', message: 'given up' })
    expect(session.state).toBe('expired')
  })
})

describe('hotspot session: what staff can do', () => {
  it('kick cuts off and takes no time', () => {
    const session = newSession()
    expect(session.send({ type: 'session.kick', reason: 'x' })).toBe(false)
    session.send(account())
    session.send({ type: 'session.kick', reason: 'noisy' }, 1_000)
    expect(session.facts).toMatchObject([{ type: 'session.kicked', reason: 'noisy' }])
    expect(session.state).toBe('kicking')
    expect(session.dueInMs('paidTime')).toBe(HOUR_MS - 1_000)
    cutOff(session)
    expect(session.state).toBe('online')
    session.send(account([]))
    expect(session.state).toBe('ready')
  })

  it('a router that does not answer is asked no more once the device has left', () => {
    const session = newSession()
    session.send(account())
    session.send({ type: 'session.kick', reason: 'x' })
    session.send(account([]))
    expect(session.state).toBe('ready')
    expect(session.calls.size).toBe(0)
  })

  it('a router that speaks of the device still is asked at once; whoever came instead is left alone', () => {
    const session = newSession()
    session.send(account())
    session.send({ type: 'session.kick', reason: 'x' })
    session.calls.clear()
    session.send(account())
    expect([session.state, session.calls.size]).toEqual(['kicking', 1])
    session.calls.clear()
    session.send(account(['another']))
    expect([session.state, session.calls.size]).toEqual(['kicking', 0])
  })

  it('changeDevice lets another device in, and cuts off the one that is online', () => {
    const session = newSession()
    session.send({ type: 'session.changeDevice', reason: 'new phone' })
    expect(session.state).toBe('ready')
    expect(session.context.deviceGeneration).toBe(2)
    session.send(account())
    session.send({ type: 'session.changeDevice', reason: 'newer phone' })
    expect(session.facts).toMatchObject([{ type: 'session.deviceChanged', reason: 'newer phone' }])
    expect(session.state).toBe('kicking')
    session.send({ type: 'session.changeDevice', reason: 'another' })
    expect(session.context.deviceGeneration).toBe(4)
    expect(session.dueInMs('paidTime')).toBe(HOUR_MS)
  })

  it('resend has its limit', () => {
    const session = newSession()
    for (let number = 1; number <= 5; number++) {
      expect(session.send({ type: 'session.resend' })).toBe(true)
      expect(session.facts).toMatchObject([{ type: 'session.resendWanted', number, phone: '254708374149', credentialVersion: 1 }])
    }
    expect(session.send({ type: 'session.resend' })).toBe(false)
  })
})

describe('hotspot session: credentials are shown once', () => {
  it.each(['ready', 'online'])('in %s', (state) => {
    const session = newSession()
    if (state === 'online') session.send(account())
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
  const close = { type: 'session.close', reason: 'moved away', by: 'admin' }
  const byRouter = { ...close, by: 'nas' }
  const revoke = { type: 'session.revoke', reason: 'moved away' }

  it.each([
    [close, 'admin', 'ready'],
    [byRouter, 'nas', 'ready'],
    [revoke, 'refund', 'ready'],
    [close, 'admin', 'online'],
    [byRouter, 'nas', 'online'],
    [revoke, 'refund', 'online'],
    [close, 'admin', 'kicking'],
    [byRouter, 'nas', 'kicking'],
    [revoke, 'refund', 'kicking'],
  ])('%j ends access with reason %s from %s', (event, reason, from) => {
    const session = newSession()
    if (from !== 'ready') session.send(account(['a1'], { uploadBytes: 3, downloadBytes: 4 }))
    if (from === 'kicking') session.send({ type: 'session.kick', reason: 'x' })
    session.send(event)
    expect(session.state).toBe('disconnecting')
    expect(session.facts).toMatchObject([{ type: 'session.expired', reason, note: 'moved away', startsAt: START, ...(from === 'ready' ? { logins: 0 } : { logins: 1, uploadBytes: 3, downloadBytes: 4 }) }])
    expect(session.send(event)).toBe(false)
  })

  it('is asked for again at once when its router speaks, for it is back', () => {
    const session = newSession()
    session.send(account())
    session.elapse('paidTime')
    session.calls.delete('disconnectDevices')
    session.send(account(['a1'], { uploadBytes: 1 }))
    expect(session.state).toBe('disconnecting')
    expect(session.calls.get('disconnectDevices')).toEqual({ credentialVersion: 1 })
  })

  it('is said to be unreached at a router that nobody has registered, and is tried again with the next that is heard of it', () => {
    const session = newSession()
    session.send(account())
    session.elapse('paidTime')
    session.answer('disconnectDevices', UNKNOWN)
    expect(session.state).toBe('unreached')
    expect(session.context.unreached).toBe(1)
    session.send(account(['a1'], { uploadBytes: 1 }), HOUR_MS)
    expect(session.state).toBe('disconnecting')
    cutOff(session)
    expect(session.state).toBe('expired')
    expect(session.context.unreached).toBe(0)
  })

  it('and closes after 30 days, should that router never be registered', () => {
    const session = newSession()
    session.elapse('paidTime')
    session.answer('disconnectDevices', UNKNOWN)
    expect(session.elapse('registrationTime')).toBe(30 * 24 * HOUR_MS)
    expect(session.state).toBe('closed')
  })

  it('closes when late accounting has had its time', () => {
    const session = newSession()
    session.elapse('paidTime')
    cutOff(session)
    expect(session.elapse('settlingTime')).toBe(HOUR_MS)
    expect(session.state).toBe('closed')
    expect(session.facts).toMatchObject([{ type: 'session.closed', reason: 'time' }])
    expect(session.snapshot).toMatchObject({ status: 'done', output: { reason: 'time' } })
  })
})
