import { describe, expect, it } from 'vitest'
import { routerMachine } from '../../../machines/router/machine.ts'
import { recheckGapMs, watchGapMs } from '../../../machines/router/timing.ts'
import { configure, DONE, ENROL, HOUR_MS, ROUTER, silent, STALE, TOKEN_HASH, WELL } from './router.fixture.ts'
import { Play, START } from './play.ts'

/** The first gap of so many routers with usual ids. */
const jittersOf = (count: number): number[] => Array.from({ length: count }, (_one, n) => watchGapMs({ id: `rtr_${n}`, looks: 1, pollSeconds: 300 }))

const newRouter = () => new Play(routerMachine, ROUTER)

function onlineRouter(): Play<typeof routerMachine> {
  const router = newRouter()
  router.send(ENROL)
  return router.answer('probeRouter', WELL)
}

function look(router: Play<typeof routerMachine>, outcome: unknown): string {
  const gap = [...router.timers.keys()].find((id) => /(watch|recheck|return)Gap/.test(id))?.split('.')[2]
  if (gap !== undefined) router.elapse(gap)
  router.answer('probeRouter', outcome)
  return router.state
}

describe('router: enrolment', () => {
  it('takes its token once, in time, and looks at once', () => {
    const router = newRouter()
    expect(router.facts).toMatchObject([{ type: 'router.registered', expiresAt: START + 24 * HOUR_MS }])
    expect(router.send({ ...ENROL, tokenHash: 'b'.repeat(64) })).toBe(false)
    expect(router.send(ENROL, 1_000)).toBe(true)
    expect(router.state).toBe('online.polling')
    expect(router.context).toMatchObject({ enrolment: null, enrolledAt: START + 1_000, device: { version: '7.16.1 (stable)', board: 'hAP ax2' } })
    expect(router.facts).toMatchObject([{ type: 'router.enrolled', version: '7.16.1 (stable)' }, { type: 'router.online' }])
    expect(router.calls.get('probeRouter')).toEqual({ apiUrl: 'http://10.77.0.9', secretVersion: 1, accessPoints: [], provisioning: 'radius', capabilities: [] })
    expect(router.send(ENROL)).toBe(false)
  })

  it('refuses RouterOS 6 and leaves the token for after the upgrade', () => {
    const router = newRouter()
    router.send({ ...ENROL, version: '6.49.10 (long-term)' })
    expect(router.state).toBe('enrolling.invited')
    expect(router.facts).toEqual([{ type: 'router.enrolmentRefused', version: '6.49.10 (long-term)', at: START }])
    router.send(ENROL)
    expect(router.state).toBe('online.polling')
  })

  it('takes no token after its time, but a new one', () => {
    const router = newRouter()
    expect(router.elapse('enrolmentWindow')).toBe(24 * HOUR_MS)
    expect(router.state).toBe('enrolling.lapsed')
    expect(router.send(ENROL)).toBe(false)
    router.send({ type: 'router.reissue', tokenHash: 'c'.repeat(64), expiresAt: router.now + HOUR_MS, secretVersion: 2, reason: 'technician was ill' })
    expect(router.state).toBe('enrolling.invited')
    expect(router.send({ ...ENROL, tokenHash: TOKEN_HASH })).toBe(false)
    router.send({ ...ENROL, tokenHash: 'c'.repeat(64) })
    expect(router.context).toMatchObject({ secretVersion: 2, enrolment: null })
  })

  it('keeps its secrets until it has taken the new ones', () => {
    const router = onlineRouter()
    router.send({ type: 'router.reissue', tokenHash: 'c'.repeat(64), expiresAt: router.now + HOUR_MS, secretVersion: 2, reason: 'leaked' })
    expect(router.context.secretVersion).toBe(1)
    router.send({ ...ENROL, tokenHash: 'c'.repeat(64) })
    expect(router.context.secretVersion).toBe(2)
  })
})

describe('router: up and down', () => {
  it('is down after three misses in a row, up after two good looks, with one outage between (O1, O2)', () => {
    const router = onlineRouter()
    const lastSign = router.now
    expect([look(router, silent()), look(router, silent())]).toEqual(['degraded.waiting', 'degraded.waiting'])
    expect(router.history).not.toContain('router.outageOpened')
    expect(look(router, silent())).toBe('offline.waiting')
    expect(router.facts).toMatchObject([{ type: 'router.offline', since: lastSign, code: 'timeout' }, { type: 'router.outageOpened', since: lastSign }])
    for (let time = 0; time < 20; time++) expect(look(router, silent())).toBe('offline.waiting')
    expect(look(router, WELL)).toBe('degraded.waiting')
    expect(router.context.outage).not.toBeNull()
    expect(look(router, WELL)).toBe('online.watching')
    const durationMs = router.now - lastSign
    expect(router.facts).toMatchObject([
      { type: 'router.outageClosed', since: lastSign, until: router.now, durationMs, slaMinutes: Math.ceil(durationMs / 60_000), outages: 1, downMs: durationMs },
      { type: 'router.online' },
    ])
    expect(router.context).toMatchObject({ outage: null, totals: { outages: 1, downMs: durationMs }, misses: 0, trouble: null })
    expect(router.history.filter((type) => type.startsWith('router.outage'))).toEqual(['router.outageOpened', 'router.outageClosed'])
  })

  it('opens no second outage while it comes and goes (O2)', () => {
    const router = onlineRouter()
    for (const outcome of [silent(), silent(), silent(), WELL, silent(), WELL, silent(), silent(), WELL]) look(router, outcome)
    expect(router.history.filter((type) => type.startsWith('router.outage'))).toEqual(['router.outageOpened'])
    look(router, WELL)
    expect(router.history.filter((type) => type.startsWith('router.outage'))).toEqual(['router.outageOpened', 'router.outageClosed'])
  })

  it('is not down as long as misses are no three in a row', () => {
    const router = onlineRouter()
    for (const outcome of [silent(), silent(), WELL, silent(), silent(), WELL, WELL]) look(router, outcome)
    expect(router.state).toBe('online.watching')
    expect(router.history).not.toContain('router.offline')
  })

  it('is not down while it calls, refuses us, or only its tunnel is stale (O3)', () => {
    const router = onlineRouter()
    for (let time = 0; time < 5; time++) expect(look(router, silent(router.now))).toBe('degraded.waiting')
    for (let time = 0; time < 5; time++) expect(look(router, silent(null, 'unauthorised'))).toBe('degraded.waiting')
    expect(look(router, STALE)).toBe('degraded.waiting')
    expect(router.context.trouble).toMatchObject({ code: 'tunnel-stale' })
    expect(router.history).not.toContain('router.outageOpened')
    expect([look(router, WELL), look(router, WELL)]).toEqual(['degraded.waiting', 'online.watching'])
  })

  it('is looked at as seldom as a healthy one when it stays impaired, and often again when that changes', () => {
    const router = onlineRouter()
    const gap = () => Math.round(recheckGapMs(router.context) / 5_000) * 5
    for (let time = 0; time < 3; time++) look(router, silent(null, 'unauthorised'))
    expect(gap()).toBeLessThanOrEqual(45)
    for (let time = 0; time < 60; time++) look(router, silent(null, 'unauthorised'))
    expect(gap()).toBeGreaterThanOrEqual(270)
    expect(gap()).toBeLessThanOrEqual(330)
    look(router, WELL)
    expect(gap()).toBeLessThanOrEqual(45)
    for (let time = 0; time < 60; time++) look(router, silent(null, 'unauthorised'))
    look(router, silent())
    expect(gap()).toBeLessThanOrEqual(45)
  })

  it('counts old calls for nothing', () => {
    const router = onlineRouter()
    const heardAt = router.now - 4 * 60_000
    for (let time = 0; time < 3; time++) look(router, silent(heardAt))
    expect(router.state).toBe('offline.waiting')
  })

  it('ends the outage when it calls twice, although nobody can reach it', () => {
    const router = onlineRouter()
    for (let time = 0; time < 3; time++) look(router, silent())
    expect(router.send({ type: 'router.heartbeat' })).toBe(true)
    expect(router.state).toBe('offline.polling')
    router.answer('probeRouter', silent(router.now))
    expect(look(router, silent(router.now + 20_000))).toBe('degraded.waiting')
    expect(router.facts).toMatchObject([{ type: 'router.outageClosed' }])
  })

  it('says nothing of the router when the look failed by our own mistake', () => {
    const router = onlineRouter()
    for (let time = 0; time < 4; time++) {
      router.elapse('watchGap')
      router.breakDown('probeRouter', { name: 'Error', message: 'x' })
    }
    expect(router.state).toBe('online.watching')
    expect(router.context.trouble).toMatchObject({ code: 'internal' })
  })

  it('waits longer the longer it is down', () => {
    const router = onlineRouter()
    for (let time = 0; time < 2; time++) look(router, silent())
    const lastSignAt = router.context.lastSignAt ?? 0
    let looks = 0
    for (; router.now - lastSignAt < 30 * 24 * HOUR_MS; looks++) {
      look(router, silent())
      const tenth = Math.min(HOUR_MS, Math.max(60_000, (router.now - lastSignAt) / 10))
      // Spread by a tenth, as all looks.
      expect(Math.abs((router.dueInMs('returnGap') ?? 0) / tenth - 1)).toBeLessThanOrEqual(0.1 + 1e-9)
    }
    expect(router.state).toBe('offline.waiting')
    // A month of a dead router is no month of looks every few minutes.
    expect(looks).toBeLessThan(850)
    expect(router.send({ type: 'router.heartbeat' })).toBe(true)
    expect(router.state).toBe('offline.polling')
  })

  it('tells of access points that come and go, and of nothing else', () => {
    const router = onlineRouter()
    const [one, two] = ['AA:BB:CC:00:00:01', 'AA:BB:CC:00:00:02']
    look(router, { ...WELL, appeared: [one, two] })
    expect(router.facts).toMatchObject([{ type: 'router.accessPointsChanged', appeared: [one, two], lost: [] }])
    look(router, WELL)
    expect(router.facts).toEqual([])
    look(router, { ...WELL, lost: [one] })
    expect(router.context.accessPoints).toEqual([two])
  })
})

describe('router: when it is looked at', () => {
  it('spreads looks by a tenth, always the same for the same router and look', () => {
    const gaps = jittersOf(1_000)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(270_000)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(330_000)
    expect(jittersOf(1_000)).toEqual(gaps)
    // Evenly: no tenth of the span holds twice its share.
    const tenths = Array.from({ length: 10 }, (_one, tenth) => gaps.filter((gap) => Math.min(9, Math.floor((gap - 270_000) / 6_000)) === tenth).length)
    expect(Math.max(...tenths)).toBeLessThan(200)
  })
})

describe('router: configuration', () => {
  it('brings on what is wanted as soon as it is online', () => {
    const router = newRouter()
    router.send(configure(['a.example']))
    expect(router.facts).toEqual([{ type: 'router.configured', version: 1, rolledBackTo: null, reason: 'because', at: START }])
    router.send(ENROL)
    router.answer('probeRouter', WELL)
    expect(router.state).toBe('online.applying')
    expect(router.calls.get('applyConfiguration')).toMatchObject({ version: 1, configuration: { walledGarden: ['a.example'] } })
    router.answer('applyConfiguration', DONE)
    expect(router.state).toBe('online.watching')
    expect(router.context.applied).toEqual({ version: 1, at: START, added: 1, changed: 0, removed: 0 })
    expect(router.facts).toMatchObject([{ type: 'router.applied', version: 1, added: 1 }])
  })

  it('goes on to what is wanted by now, and notes what was done', () => {
    const router = onlineRouter()
    router.send(configure(['a.example']))
    router.send(configure(['b.example']))
    router.answer('applyConfiguration', DONE)
    expect(router.facts).toMatchObject([{ type: 'router.applied', version: 1 }])
    expect(router.calls.get('applyConfiguration')).toMatchObject({ version: 2 })
    router.answer('applyConfiguration', DONE)
    expect(router.context.applied).toMatchObject({ version: 2 })
  })

  it('tries again after the next good look, unless the router will never take it', () => {
    const failed = { outcome: 'failed', code: 'timeout', detail: 'no answer', isFinal: false }
    const router = onlineRouter()
    router.send(configure(['a.example']))
    router.answer('applyConfiguration', failed)
    expect(router.state).toBe('online.watching')
    look(router, WELL)
    expect(router.state).toBe('online.applying')
    router.answer('applyConfiguration', { ...failed, isFinal: true })
    look(router, WELL)
    expect(router.state).toBe('online.watching')
    expect(router.context.applyFailure).toMatchObject({ version: 1, isFinal: true })
    router.send(configure(['b.example']))
    expect(router.state).toBe('online.applying')
  })

  it('rolls back by making a new version of an old one', () => {
    const router = onlineRouter()
    router.send(configure(['a.example']))
    router.answer('applyConfiguration', DONE)
    router.send(configure(['b.example']))
    router.answer('applyConfiguration', DONE)
    expect(router.send({ type: 'router.rollback', version: 2, reason: 'the same' })).toBe(false)
    expect(router.send({ type: 'router.rollback', version: 9, reason: 'unknown' })).toBe(false)
    router.send({ type: 'router.rollback', version: 1, reason: 'worse' })
    expect(router.context.desired).toMatchObject({ version: 3, rolledBackTo: 1, configuration: { walledGarden: ['a.example'] } })
    expect(router.state).toBe('online.applying')
  })

  it('keeps ten versions', () => {
    const router = newRouter()
    for (let time = 0; time < 12; time++) router.send(configure([`h${time}.example`]))
    expect(router.context.versions.map(({ version }) => version)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('is brought on again when asked', () => {
    const router = onlineRouter()
    expect(router.send({ type: 'router.reapply', reason: 'x' })).toBe(false)
    router.send(configure(['a.example']))
    router.answer('applyConfiguration', DONE)
    router.send({ type: 'router.reapply', reason: 'somebody clicked' })
    expect(router.state).toBe('online.applying')
  })
})

it('router: retired from anywhere, for good', () => {
  for (const router of [newRouter(), onlineRouter()]) {
    router.send({ type: 'router.retire', reason: 'sold' })
    expect(router.state).toBe('retired')
    expect(router.facts).toEqual([{ type: 'router.retired', name: 'Market square', reason: 'sold', at: router.now }])
    expect(router.calls.size + router.timers.size).toBe(0)
  }
})
