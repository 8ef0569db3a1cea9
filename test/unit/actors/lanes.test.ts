import { describe, expect, it } from 'vitest'
import { EFFECTS_AT_ONCE, LANES } from '../../../actors/lanes.ts'
import { registry } from '../../../actors/registry.ts'

const QUEUES = [
  'hotspot-provisioning', 'subscription-reconnection', 'payments', 'hotspot-sms', 'router-provisioning', 'dashboard', 'session-management', 'subscription-management',
  'router-monitoring', 'metrics', 'notifications', 'maintenance',
]

describe('the lanes', () => {
  it('do the work of all twelve queues, each queue in one lane', () => {
    expect(Object.values(LANES).flatMap(({ queues }) => [...queues]).sort()).toEqual([...QUEUES].sort())
  })

  it('are those that the effects name', () => {
    const named = registry.flatMap(({ effects = {} }) => Object.values(effects).map(({ lane }) => lane ?? 'default'))
    expect(named.filter((lane) => !(lane in LANES))).toEqual([])
  })

  it('leave no lane room for everything at once', () => {
    for (const { concurrency, weight } of Object.values(LANES)) {
      expect(concurrency).toBeLessThanOrEqual(EFFECTS_AT_ONCE / 2)
      expect(weight).toBeGreaterThan(0)
    }
  })
})
