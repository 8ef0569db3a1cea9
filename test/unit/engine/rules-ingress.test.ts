/** R8 and R9: refused is not lost, and everything is bounded. */
import { assign, createMachine, setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decorated, deferred, refusal, registration, rig, thing, turn, typed } from './rig.ts'
import { callbackLogic, observableLogic } from './foreign-logic.ts'
import { memoryStore } from '../../../runtime/index.ts'

const A = { type: 'thing', id: 'a' }
const door = setup({
  types: typed<{ context: { n: number }; events: { type: string; code?: number; when?: unknown } }>(),
  guards: { hasCode: ({ event }) => event.code === 7, isDay: () => false, isLoose: ({ context }) => context.n > 5 },
}).createMachine({
  context: { n: 0 },
  initial: 'shut',
  states: {
    shut: { on: { open: [{ guard: 'hasCode', target: 'open' }, { guard: 'isDay', target: 'open' }], kick: { guard: 'isLoose', target: 'open' }, knock: { actions: assign({ n: ({ context }) => context.n + 1 }) }, internal: { actions: [] as never, target: 'open' } } },
    open: { on: { close: 'shut' } },
  },
})

const words = { states: {}, events: { open: { staff: 'Opens the door', customer: 'Open' } }, guards: { hasCode: { staff: 'the code is right', customer: 'right code' } }, delays: {}, effects: {} }

describe('R8 refused is not lost', () => {
  it('a refusal says what would be accepted, and which guards said no', async () => {
    const r = await rig(thing(door, { words }))
    await r.create()
    const error = await refusal(r.send({ type: 'open', code: 1 }), 'event-not-accepted')
    expect(error.details).toMatchObject({ accepts: ['knock', 'internal'], refusedBy: [{ guard: 'hasCode', phrase: 'the code is right' }, { guard: 'isDay' }] })
    expect(error.details.accepts).not.toContain('kick')
    expect((await r.view()).accepts).toEqual(['knock', 'internal'])
  })

  it.each(['xstate.done.actor.x', 'xstate.stop', 'standing.unblocked', '*', '', 'a\u0000b', 'x'.repeat(201)])('the event type %j is refused from outside', async (type) => {
    const r = await rig(thing(createMachine({ on: { '*': { actions: () => undefined } } })))
    await r.create()
    await refusal(r.send({ type }), 'invalid-event')
    expect(await r.history()).toHaveLength(1)
  })

  const strict = thing(door, {
    input: z.strictObject({ n: z.number() }),
    events: { open: z.strictObject({ code: z.number().int() }), knock: z.object({ when: z.coerce.date().optional() }) },
  })

  it('payloads are checked by their schemas, unknown fields included, with a pointer to each fault', async () => {
    const r = await rig(strict)
    await r.create({ n: 1 })
    expect((await refusal(r.send({ type: 'open', code: 1, extra: 1, more: 2 }), 'invalid-event')).details.errors?.map(({ pointer }) => pointer)).toEqual(['/extra', '/more'])
    expect((await refusal(r.send({ type: 'open', code: 'x' }), 'invalid-event')).details.errors).toMatchObject([{ pointer: '/code' }])
    expect((await refusal(r.send({ type: 'open', code: 7, extra: 1 }), 'invalid-event')).details.errors).toHaveLength(1)
    expect((await refusal(r.runtime.create({ type: 'thing', id: 'b' }, { n: 'x' }), 'invalid-input')).details.errors).toMatchObject([{ pointer: '/n' }])
    await refusal(r.runtime.create({ type: 'thing', id: 'b' }), 'invalid-input')
    expect((await refusal(r.send('internal'), 'invalid-event')).message).toMatch(/internal and cannot be sent/)
    expect((await refusal(r.send('nonsense'), 'invalid-event')).message).toMatch(/not an event of 'thing'/)
    await r.send({ type: 'open', code: 7 })
  })

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('the event type %s is no event, though every object has one', async (type) => {
    const r = await rig(strict)
    await r.create({ n: 1 })
    expect((await refusal(r.send({ type }), 'invalid-event')).message).toMatch(/not an event of 'thing'/)
  })

  it('what a schema makes of a payload is plain data before the machine sees it', async () => {
    const kinds: string[] = []
    const machine = setup({ types: typed<{ context: { kind: string }; events: { type: string; when?: unknown } }>() }).createMachine({ context: { kind: '' }, on: { knock: { actions: assign({ kind: ({ event }) => typeof event.when }) } } })
    const r = await rig(thing(machine, { events: { knock: z.object({ when: z.coerce.date() }) } }))
    await r.create()
    await r.send({ type: 'knock', when: '2026-01-01' })
    kinds.push((await r.context<{ kind: string }>()).kind)
    expect(kinds).toEqual(['string'])
  })

  it('unknown types, actors and ids are named', async () => {
    const r = await rig(thing(door))
    await refusal(r.runtime.send({ type: 'nothing', id: 'a' }, { type: 'x' }), 'actor-type-unknown')
    await refusal(r.send('open'), 'actor-not-found')
    await refusal(r.runtime.create({ type: 'thing', id: 'a b' }), 'invalid-input')
    await refusal(r.runtime.create({ type: 'thing', id: 'a~b' }), 'invalid-input')
    await refusal(r.runtime.create({ type: 'thing', id: 'a', tenant: 'No!' }), 'invalid-input')
    await r.create()
    await refusal(r.runtime.send(A, { type: 'knock' }, { eventId: 'a\nb' }), 'invalid-input')
    expect((await r.runtime.create({ type: 'thing' })).id).toMatch(/^thing_[0-9a-z]{26}$/)
  })
})

describe('registration', () => {
  it.each([
    ['an unknown action', createMachine({ entry: 'nothing' }), /unknown action 'nothing' at \(root\)/],
    ['an unknown action of a transition', createMachine({ initial: 'a', states: { a: { on: { go: { actions: 'nothing' } } } } }), /unknown action 'nothing' at a on go/],
    ['an unknown guard', createMachine({ initial: 'a', states: { a: { on: { go: { guard: 'nothing', target: 'a' } } } } }), /unknown guard 'nothing' at a on go/],
    ['an unknown child', createMachine({ invoke: { src: 'nothing' } }), /unknown actor logic 'nothing' at \(root\)/],
    ['callback logic', setup({ actors: { cb: callbackLogic } }).createMachine({ invoke: { src: 'cb' } }), /actor logic 'cb' is neither a machine nor promise logic/],
    ['observable logic', setup({ actors: { ob: observableLogic } }).createMachine({ invoke: { src: 'ob' } }), /actor logic 'ob' is neither/],
    ['onSnapshot', setup({ actors: { door } }).createMachine({ invoke: { src: 'door', onSnapshot: {} } }), /onSnapshot at \(root\)/],
  ])('refuses %s', (_what, machine, message) => {
    expect(registration(() => thing(machine))).toMatch(message)
  })

  it('names every problem at once, and refuses one type twice', async () => {
    expect(registration(() => thing(createMachine({ entry: ['one', 'two'] }))).match(/unknown action/g)).toHaveLength(2)
    await expect(rig([thing(door), thing(door)])).rejects.toMatchObject({ code: 'invalid-definition' })
  })
})

describe('R9 everything is bounded', () => {
  it('a full mailbox answers overloaded, with a time to come again', async () => {
    const gate = deferred()
    const memory = memoryStore()
    let isSlow = false
    const store = decorated(memory, { commit: async (batch) => { if (isSlow) await gate.promise; await memory.commit(batch) } })
    const r = await rig(thing(door), { store, limits: { mailbox: 2, waiting: 4 } })
    await r.create()
    await r.create(undefined, 'b')
    await r.create(undefined, 'c')
    isSlow = true
    const first = r.runtime.send(A, { type: 'knock' })
    await turn()
    const waiting = [first, r.runtime.send(A, { type: 'knock' }), r.runtime.send(A, { type: 'knock' })]
    expect((await refusal(r.runtime.send(A, { type: 'knock' }), 'overloaded')).details.retryAfterMs).toBeGreaterThan(0)
    waiting.push(r.runtime.send({ type: 'thing', id: 'b' }, { type: 'knock' }))
    expect((await refusal(r.runtime.send({ type: 'thing', id: 'c' }, { type: 'knock' }), 'overloaded')).message).toMatch(/too many events are waiting/)
    isSlow = false
    gate.resolve()
    await Promise.all(waiting)
    await r.runtime.send(A, { type: 'knock' })
  })

  it('events are bounded in bytes, not in characters', async () => {
    const r = await rig(thing(door), { limits: { eventBytes: 100 } })
    await r.create()
    await refusal(r.send({ type: 'knock', text: 'x'.repeat(100) }), 'payload-too-large')
    await refusal(r.send({ type: 'knock', text: '€'.repeat(30) }), 'payload-too-large')
    await refusal(r.runtime.create({ type: 'thing', id: 'b' }, 'x'.repeat(100)), 'payload-too-large')
    await r.send({ type: 'knock', text: 'x'.repeat(30) })
  })

  it('a context that would grow too large is refused; the actor stays usable', async () => {
    const grow = createMachine({ types: typed<{ context: { text: string } }>(), context: { text: '' }, on: { grow: { actions: assign({ text: ({ context }) => `${context.text}${'€'.repeat(20)}` }) } } })
    const r = await rig(thing(grow), { limits: { contextBytes: 100 } })
    await r.create()
    await r.send('grow')
    await refusal(r.send('grow'), 'payload-too-large')
    expect(await r.view()).toMatchObject({ status: 'active', seq: 2 })
  })

  it('an endless loop of microsteps ends as poison', async () => {
    const loop = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } } })
    const r = await rig(thing(loop), { limits: { microsteps: 50 } })
    await r.create()
    await refusal(r.send('go'), 'actor-blocked')
    expect(await r.view()).toMatchObject({ value: 'a', status: 'blocked' })
  })

  it('the actors in memory are bounded, and the ones that left come back as they were', async () => {
    const r = await rig(thing(door), { limits: { hotActors: 5 } })
    for (let i = 0; i < 40; i++) await r.create(undefined, `a${i}`)
    expect(r.runtime.stats().hotActors).toBeLessThanOrEqual(5)
    await r.send('knock', 'a0')
    expect(await r.context('a0')).toEqual({ n: 1 })
  })
})
