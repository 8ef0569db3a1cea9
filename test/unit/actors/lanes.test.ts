import { describe, expect, it } from 'vitest'
import { EFFECTS_AT_ONCE, LANES, ONCE, QUEUES, type LaneName } from '../../../actors/lanes.ts'
import { registry } from '../../../actors/registry.ts'
import { notificationInput } from '../../../machines/notification/events.ts'
import type { EffectDefinition } from '../../../runtime/index.ts'
import { DEFAULT_RETRY, policyOf } from '../../../runtime/engine/retry.ts'
import { address, effect as stored } from '../../support/store-fixtures.ts'

/** As seed 2 names them. */
const QUEUE_NAMES = [
  'hotspot-provisioning', 'subscription-reconnection', 'payments', 'hotspot-sms', 'router-provisioning', 'dashboard', 'session-management', 'subscription-management',
  'router-monitoring', 'metrics', 'notifications', 'maintenance',
]

/** What calls are asked that wait in one lane or another. */
const ASKED: Record<string, object[]> = {
  sendSms: notificationInput.shape.template.options.map((template) => ({ template })),
  applyAccess: ['coa', 'disconnect'].map((kind) => ({ change: { kind } })),
}

interface Call {
  name: string
  lane: string
  asked?: object
  effect: EffectDefinition
}

const calls: Call[] = registry.flatMap(({ effects = {} }) =>
  Object.entries(effects as Record<string, EffectDefinition>).flatMap(([name, effect]) => {
    const { lane = 'none' } = effect
    return typeof lane === 'string' ? [{ name, lane, effect }] : (ASKED[name] ?? []).map((asked) => ({ name, lane: lane(asked as never), asked, effect }))
  }),
)
const inLane = (name: string): string[] => [...new Set(calls.filter(({ lane }) => lane === name).map((call) => call.name))].sort()

describe('the lanes', () => {
  it('are those that calls wait in, and each has some', () => {
    expect([...new Set(calls.map(({ lane }) => lane))].sort()).toEqual(Object.keys(LANES).sort())
  })

  it('keep apart what must not wait for each other: payers and the many whose time is over, logins and reminders, configuring and looking', () => {
    expect(Object.fromEntries(Object.keys(LANES).map((lane) => [lane, inLane(lane)]))).toEqual({
      radius: ['applyAccess'],
      disconnects: ['applyAccess', 'disconnectDevices'],
      mpesa: ['askReturnStatus', 'promptPayer', 'queryPayment', 'requestReturn'],
      reconciliation: ['matchDays', 'pullMoney'],
      sms: ['sendSms'],
      clearance: ['checkClearance'],
      notifications: ['sendSms'],
      routeros: ['applyConfiguration'],
      monitoring: ['probeRouter'],
    })
    const laneOf = (name: string, asked: object): string | undefined => calls.find((call) => call.name === name && call.asked === asked)?.lane
    const [login, receipt, reminder] = ['hotspot-credentials', 'subscription-receipt', 'subscription-reminder'].map((template) => ASKED['sendSms']?.find((one) => 'template' in one && one.template === template) ?? {})
    expect([login, receipt, reminder].map((asked = {}) => laneOf('sendSms', asked))).toEqual(['sms', 'sms', 'notifications'])
    expect(ASKED['applyAccess']?.map((asked) => laneOf('applyAccess', asked))).toEqual(['radius', 'disconnects'])
  })

  it('say how their calls are tried again; only what must not be repeated says so itself', () => {
    for (const { name, lane, effect } of calls) {
      const ofLane = LANES[lane as LaneName].retry
      const own = ['promptPayer', 'requestReturn'].includes(name) ? ONCE : {}
      expect(policyOf(stored(address('a'), 0), effect, ofLane), name).toEqual({ ...DEFAULT_RETRY, ...ofLane, ...own })
    }
    const attemptsOf = (wanted: string): number[] => calls.filter(({ name }) => name === wanted).map(({ lane, effect }) => policyOf(stored(address('a'), 0), effect, LANES[lane as LaneName].retry).attempts)
    // What could be paid or sent twice is the machine's to repeat (P2, F2, N2); what must be over on the router is asked for ever (H2, S9).
    for (const name of ['promptPayer', 'requestReturn', 'sendSms']) expect(new Set(attemptsOf(name)), name).toEqual(new Set([1]))
    for (const name of ['applyAccess', 'disconnectDevices']) expect(new Set(attemptsOf(name)), name).toEqual(new Set([Infinity]))
  })

  it('leave no lane room for everything at once', () => {
    for (const { concurrency, weight } of Object.values(LANES)) {
      expect(concurrency).toBeLessThanOrEqual(EFFECTS_AT_ONCE / 2)
      expect(weight).toBeGreaterThan(0)
    }
  })
})

describe('the twelve queues', () => {
  it('are all there, and each lane does the work of one', () => {
    expect(Object.keys(QUEUES).sort()).toEqual([...QUEUE_NAMES].sort())
    expect(Object.values(QUEUES).flatMap(({ lanes }) => [...lanes]).sort()).toEqual(Object.keys(LANES).sort())
  })
})
