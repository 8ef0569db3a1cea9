/** Staff cannot move the end of an access by its timer alone: the state would go on where RADIUS, which goes by the record, lets nobody in. */
import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { defineHotspotSession } from '../../../actors/hotspot-session/definition.ts'
import { defineSubscription } from '../../../actors/subscription/definition.ts'
import { HOUR_PACKAGE } from '../machines/payment.fixture.ts'
import { inputOf, WEEK } from '../machines/subscription.fixture.ts'
import { refusal, rig, STAFF, type Rig } from '../engine/rig.ts'

const credentials = createCredentialIssuer('an application key of good length')
const nobodyThere = { sessions: 0, gone: 0, refused: 0, unknown: 0 }
const SUBSCRIPTION = { type: 'subscription', id: 's' }
const SESSION = { type: 'hotspot-session', id: 'p' }

const worldOf = () =>
  rig([
    defineSubscription({ credentials, applyAccess: { run: () => nobodyThere } }),
    defineHotspotSession({ credentials, liveAccess: { radius: { disconnect: async () => ({ outcome: 'gone' }), changeAuthorization: async () => ({ outcome: 'gone' }) } as never, logins: { of: async () => [] } as never } }),
  ])

const timerOf = async ({ runtime }: Rig, address: { type: string; id: string }, delay: string) => {
  const timer = (await runtime.timers(address)).find(({ id }) => id.startsWith(`xstate.after.${delay}.`))
  if (timer === undefined) throw new Error(`no timer ${delay}: ${JSON.stringify(await runtime.timers(address))}`)
  return timer
}

describe('the end of paid time', () => {
  it('of a subscription is moved by the event that moves the record, and stays when its timer is fired', async () => {
    const r = await worldOf()
    await r.runtime.create(SUBSCRIPTION, inputOf({ plan: WEEK }))
    await r.runtime.send(SUBSCRIPTION, { type: 'subscription.pay', paymentId: 'pay_1', amount: WEEK.amount, currency: 'KES', receipt: null, paidAt: 0 })
    const timer = await timerOf(r, SUBSCRIPTION, 'paidTime')
    for (const dueAt of [1, Date.parse(timer.dueAt) + 9e9]) expect((await refusal(r.runtime.moveTimer(SUBSCRIPTION, timer.id, dueAt, STAFF), 'timer-fixed')).message).toContain("'subscription.changeExpiry'")
    expect((await r.runtime.fireTimer(SUBSCRIPTION, timer.id, STAFF)).actor.states).toContain('service.active')
    expect((await timerOf(r, SUBSCRIPTION, 'paidTime')).dueAt).toBe(timer.dueAt)
    // What is told and goes by no record may be put off.
    const reminder = await timerOf(r, SUBSCRIPTION, 'untilReminder')
    await r.runtime.moveTimer(SUBSCRIPTION, reminder.id, Date.parse(timer.dueAt) - 1_000, STAFF)
    await r.clock.advance(Date.parse(timer.dueAt) + 1)
    expect((await r.runtime.get(SUBSCRIPTION))?.states).toContain('service.grace')
    const grace = await timerOf(r, SUBSCRIPTION, 'graceTime')
    await refusal(r.runtime.moveTimer(SUBSCRIPTION, grace.id, 9e12, STAFF), 'timer-fixed')
    expect((await r.runtime.fireTimer(SUBSCRIPTION, grace.id, STAFF)).actor).toMatchObject({ context: { graceEndsAt: null, coverage: 'none' } })
  })

  it('of a hotspot session stays, too, and ends the access when it is fired', async () => {
    const r = await worldOf()
    await r.runtime.create(SESSION, { source: { kind: 'payment', id: 'p' }, phone: '254708374149', package: HOUR_PACKAGE, paidAt: 0 })
    const timer = await timerOf(r, SESSION, 'paidTime')
    for (const dueAt of [1, 9e12]) expect((await refusal(r.runtime.moveTimer(SESSION, timer.id, dueAt, STAFF), 'timer-fixed')).message).toContain("'session.close'")
    expect((await r.runtime.fireTimer(SESSION, timer.id, STAFF)).actor).toMatchObject({ tags: ['settled'], context: { endReason: 'time' } })
  })
})
