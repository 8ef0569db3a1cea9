/** Sessions that an earlier version has stored go on where they were (R12). */
import { afterEach, describe, expect, it } from 'vitest'
import { setup } from 'xstate'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { defineHotspotSession } from '../../../actors/hotspot-session/definition.ts'
import { sessionMigrations } from '../../../actors/hotspot-session/migrations.ts'
import { createRuntime, manualClock, memoryStore, type Runtime } from '../../../runtime/index.ts'
import { nobodyOnline } from '../../support/live-access.ts'
import { HOUR_PACKAGE } from '../machines/payment.fixture.ts'

const HOUR_MS = 3_600_000
const credentials = createCredentialIssuer('an application key of good length')
const address = { type: 'hotspot-session', id: 'pay_1' }

/** What version 1 stored: its state ids, its timers, its context. */
const versionOne = setup({ delays: { paidTime: HOUR_MS, settlingTime: HOUR_MS } }).createMachine({
  id: 'hotspot-session',
  context: {
    paymentId: 'pay_1', phone: '254708374149', package: HOUR_PACKAGE, macAddress: null, paidAt: 0, startsAt: 0, expiresAt: HOUR_MS, expiresAtIso: '1970-01-01T01:00:00.000Z',
    credentialVersion: 1, credentialsShownAt: null, devicesOnline: ['a1'], logins: 1, lastLoginAt: 0, endReason: null, endedAt: null, endNote: null,
  },
  initial: 'ready',
  states: {
    ready: { after: { paidTime: 'expired' }, on: { login: 'online' } },
    online: { after: { paidTime: 'expired' } },
    expired: { after: { settlingTime: 'closed' } },
    closed: { type: 'final' },
  },
})

let runtime: Runtime
afterEach(() => runtime.stop())

async function upgraded(from: 'ready' | 'online' | 'expired') {
  const [store, clock] = [memoryStore(), manualClock(0)]
  runtime = createRuntime({ actors: [{ type: 'hotspot-session', version: '1', machine: versionOne }], store, clock })
  await runtime.start()
  await runtime.create(address)
  if (from === 'online') await runtime.send(address, { type: 'login' })
  if (from === 'expired') await clock.advance(HOUR_MS)
  await runtime.stop()
  runtime = createRuntime({ actors: [defineHotspotSession({ credentials, liveAccess: nobodyOnline() })], store, clock })
  await runtime.start()
  return { clock, view: async () => await runtime.get(address) }
}

describe('a session of version 1', () => {
  it.each(['ready', 'online'] as const)('in %s keeps its time, knows what bought it, and is online when accounting says so', async (from) => {
    const { clock, view } = await upgraded(from)
    expect(await view()).toMatchObject({ states: ['ready'], context: { source: { kind: 'payment', id: 'pay_1' }, expiresAt: HOUR_MS } })
    await clock.advance(HOUR_MS)
    expect((await view())?.states[0]).toBe('expired')
    expect(await view()).not.toHaveProperty('context.paymentId')
    await clock.advance(HOUR_MS)
    expect(await view()).toMatchObject({ status: 'done', states: ['closed'] })
  })

  it('of version 2 that waited for a router is what it was, and knows that nobody is unreached', () => {
    const stored = { value: 'disconnecting', context: { phone: '254708374149', endReason: 'time' }, history: {} }
    const migration = sessionMigrations.find(({ from }) => from === '2')
    expect(migration?.migrate(stored)).toEqual({ value: 'disconnecting', context: { phone: '254708374149', endReason: 'time', unreached: 0 } })
  })

  it('that was over is closed when its settling time is', async () => {
    const { clock, view } = await upgraded('expired')
    await clock.advance(HOUR_MS)
    expect(await view()).toMatchObject({ status: 'done', states: ['closed'] })
  })
})
