/** What needs a second key: who may decide, and how it ends by itself. */
import { beforeEach, afterEach, describe, expect, it } from 'vitest'
import { defineApproval } from '../../../actors/approval/definition.ts'
import { createRuntime, manualClock, memoryStore, type MovableClock, type Runtime } from '../../../runtime/index.ts'

const DAY_MS = 86_400_000
const INPUT = { to: { type: 'payment', id: 'pay_1' }, act: { kind: 'event', event: { type: 'payment.assign', reason: 'x', phone: '254708374149' } }, worth: 100, currency: 'KES', reason: 'x', requestedBy: 'key:anne' }
const approval = { type: 'approval', id: 'a' }

let clock: MovableClock
let runtime: Runtime
beforeEach(async () => {
  clock = manualClock(0)
  runtime = createRuntime({ actors: [defineApproval()], store: memoryStore(), clock })
  await runtime.start()
  await runtime.create(approval, INPUT)
})
afterEach(() => runtime.stop())

const say = async (event: { type: string; by: string; worth?: number | null; reason?: string }) => {
  const { actor, facts } = await runtime.send(approval, event)
  return { states: actor.states, facts: facts.map(({ type }) => type), decision: (actor.context as { decision: unknown }).decision }
}

describe('an approval', () => {
  it.each(['approval.approve', 'approval.refuse'])('A1: %s is for another key than the one that asked', async (type) => {
    const more = type === 'approval.approve' ? { worth: 100 } : { reason: 'not so' }
    await expect(say({ type, by: 'key:anne', ...more })).rejects.toMatchObject({ code: 'event-not-accepted' })
    await clock.advance(1_000)
    expect(await say({ type, by: 'key:ben', ...more })).toMatchObject({ facts: [`${type}d`], decision: { by: 'key:ben', at: 1_000 } })
  })

  it('A1: is withdrawn only by the key that asked', async () => {
    await expect(say({ type: 'approval.withdraw', by: 'key:ben' })).rejects.toMatchObject({ code: 'event-not-accepted' })
    expect(await say({ type: 'approval.withdraw', by: 'key:anne' })).toMatchObject({ states: ['withdrawn'], facts: ['approval.withdrawn'] })
  })

  it('A2: is not given for more than was asked, but for less', async () => {
    await expect(say({ type: 'approval.approve', by: 'key:ben', worth: 101 })).rejects.toMatchObject({ code: 'event-not-accepted' })
    expect(await say({ type: 'approval.approve', by: 'key:ben', worth: 99 })).toMatchObject({ states: ['approved'] })
  })

  it('A2: what nobody can say the worth of is approved as that, and what had a worth is not once nobody can say it', async () => {
    await expect(say({ type: 'approval.approve', by: 'key:ben', worth: null })).rejects.toMatchObject({ code: 'event-not-accepted' })
    const other = { type: 'approval', id: 'b' }
    await runtime.create(other, { ...INPUT, worth: null })
    expect((await runtime.send(other, { type: 'approval.approve', by: 'key:ben', worth: null })).actor.states).toEqual(['approved'])
  })

  it('expires after a week in which nobody decided, and does nothing', async () => {
    await clock.advance(7 * DAY_MS - 1)
    expect((await runtime.get(approval))?.states).toEqual(['requested'])
    await clock.advance(1)
    expect(await runtime.get(approval)).toMatchObject({ states: ['expired'], status: 'done' })
    expect((await runtime.history(approval)).at(-1)?.facts.map(({ type }) => type)).toEqual(['approval.expired'])
  })
})
