/** The staff calls over the real engine: what the fakes of the unit tests only pretend. */
import { assign, setup } from 'xstate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineActor } from '../../../runtime/index.ts'
import { apiWorld, type World } from '../../support/api-world.ts'

const counter = defineActor({
  type: 'counter',
  version: '1',
  machine: setup({
    types: { context: {} as { n: number }, events: {} as { type: 'add'; by: number } | { type: 'stop' } | { type: 'break' } },
    guards: { isSmall: ({ context }) => context.n < 100 },
    actions: {
      boom: () => {
        throw new Error('boom')
      },
    },
  }).createMachine({
    id: 'counter',
    context: { n: 0 },
    initial: 'counting',
    states: {
      counting: {
        on: { add: { guard: 'isSmall', actions: assign(({ context, event }) => ({ n: context.n + event.by })) }, stop: 'stopped', break: { actions: assign(() => { throw new Error('boom') }) } },
        after: { 3_600_000: 'stopped' },
      },
      stopped: { type: 'final' },
    },
  }),
  input: z.strictObject({ label: z.string() }).optional(),
  events: { add: z.strictObject({ by: z.int() }), stop: z.strictObject({}), break: z.strictObject({}) },
})

let world: World
beforeEach(async () => {
  world = await apiWorld([counter])
})
afterEach(() => world.stop())

const call = (method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object, headers: Record<string, string> = {}) =>
  world.app.inject({ method, url: `/api/v1${path}`, headers: { ...world.admin, ...headers }, ...(payload === undefined ? {} : { payload }) })

const send = (id: string, event: object, headers: Record<string, string> = {}) => call('POST', `/actors/counter/${id}/events`, event, headers)

describe('actors over HTTP', () => {
  it('are created, read, sent to, and remembered', async () => {
    const created = await call('POST', '/actors/counter', { id: 'c' })
    expect([created.statusCode, created.headers['location'], created.headers['etag']]).toEqual([201, '/api/v1/actors/counter/c', '"1"'])
    expect((await call('POST', '/actors/counter', { id: 'c' })).json()).toMatchObject({ status: 409, code: 'actor-exists' })
    expect((await send('c', { type: 'add', by: 5 })).json()).toMatchObject({ outcome: 'applied', seq: 2, actor: { context: { n: 5 } } })
    expect((await call('GET', '/actors/counter/c?seq=1')).json()).toMatchObject({ seq: 1, context: { n: 0 } })
    const { data, nextCursor } = (await call('GET', '/actors/counter/c/history?limit=1&order=desc')).json<{ data: unknown[]; nextCursor: string }>()
    expect(data).toMatchObject([{ seq: 2, event: { type: 'add', by: 5 }, source: 'rest:k_key-of-a' }])
    expect((await call('GET', `/actors/counter/c/history?limit=1&order=desc&cursor=${nextCursor}`)).json()).toMatchObject({ data: [{ seq: 1 }], nextCursor: null })
    expect((await call('GET', '/actors/counter?state=counting')).json()).toMatchObject({ data: [{ id: 'c' }], nextCursor: null })
    expect((await call('GET', '/machines')).json()).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ type: 'counter', states: { counting: 1 } })]) as unknown })
    expect((await call('GET', '/machines/counter')).json()).toMatchObject({ current: true, definition: { guards: ['isSmall'], events: [{ type: 'add', schema: { properties: { by: { type: 'integer' } } } }, { type: 'break' }, { type: 'stop' }] } })
  })

  it('answer the same key with the first answer, and another body with 422', async () => {
    await call('POST', '/actors/counter', { id: 'c' })
    const headers = { 'idempotency-key': 'k1' }
    const [first, again, other] = [await send('c', { type: 'add', by: 5 }, headers), await send('c', { type: 'add', by: 5 }, headers), await send('c', { type: 'add', by: 6 }, headers)]
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(again.json()).toMatchObject({ outcome: 'duplicate', seq: 2 })
    expect(other.json()).toMatchObject({ status: 422, code: 'idempotency-mismatch' })
    expect((await call('GET', '/actors/counter/c')).json()).toMatchObject({ context: { n: 5 } })
  })

  it('make one actor of a repeated creation without id', async () => {
    const headers = { 'idempotency-key': 'make-one' }
    const [one, two] = [await call('POST', '/actors/counter', { input: { label: 'x' } }, headers), await call('POST', '/actors/counter', { input: { label: 'x' } }, headers)]
    expect([one.statusCode, two.statusCode]).toEqual([201, 201])
    expect(two.json<{ id: string }>().id).toBe(one.json<{ id: string }>().id)
    expect((await call('POST', '/actors/counter', { input: { label: 'y' } }, headers)).json()).toMatchObject({ code: 'idempotency-mismatch' })
  })

  it('say what is wrong', async () => {
    await call('POST', '/actors/counter', { id: 'c' })
    const cases: [Promise<{ json: () => unknown }>, object][] = [
      [send('c', { type: 'add' }), { status: 422, code: 'invalid-event', errors: [{ pointer: '/by' }] }],
      [send('c', { type: 'add', by: 1, more: 1 }), { status: 422, code: 'invalid-event' }],
      [send('c', { type: 'sing' }), { status: 422, code: 'invalid-event', errors: [{ pointer: '/type' }] }],
      [send('c', { type: 'xstate.done.actor.x' }), { status: 422, code: 'invalid-event' }],
      [send('d', { type: 'stop' }), { status: 404, code: 'actor-not-found' }],
      [send('c', { type: 'stop' }, { 'if-match': '"9"' }), { status: 412, code: 'stale-version' }],
      [call('POST', '/actors/rocket', {}), { status: 404, code: 'actor-type-unknown' }],
      [call('GET', '/actors/counter/d/next'), { status: 404, code: 'actor-not-found' }],
      [call('GET', '/actors/counter/d/history'), { status: 404, code: 'actor-not-found' }],
      [call('POST', '/actors/counter', { input: { label: 7 } }), { status: 422, code: 'invalid-input', errors: [{ pointer: '/input/label' }] }],
      [call('PATCH', '/actors/counter/c/timers/none', { dueAt: '2030-01-01T00:00:00Z', reason: 'x' }), { status: 404, code: 'timer-not-found' }],
      [call('POST', '/effects/main%2Fcounter%2Fc%2F1%2F0/retry', { reason: 'x' }), { status: 404, code: 'effect-not-found' }],
      [call('POST', '/parked/none/retry', { reason: 'x' }), { status: 404, code: 'parked-not-found' }],
    ]
    for (const [answer, expected] of cases) expect((await answer).json()).toMatchObject(expected)
    await send('c', { type: 'add', by: 100 })
    expect((await send('c', { type: 'add', by: 1 })).json()).toMatchObject({ status: 409, code: 'event-not-accepted', refusedBy: [{ guard: 'isSmall' }] })
    await send('c', { type: 'stop' })
    expect((await send('c', { type: 'stop' })).json()).toMatchObject({ status: 409, code: 'actor-done' })
  })

  it('contain poison, which staff retry, skip or discard', async () => {
    await call('POST', '/actors/counter', { id: 'c' })
    const poisoned = await send('c', { type: 'break' })
    expect(poisoned.json()).toMatchObject({ status: 423, code: 'actor-blocked' })
    expect(poisoned.body).not.toContain('boom')
    expect((await send('c', { type: 'add', by: 1 })).json()).toMatchObject({ status: 423, code: 'actor-blocked' })
    const { data } = (await call('GET', '/parked')).json<{ data: { eventId: string; kind: string }[] }>()
    expect(data).toMatchObject([{ type: 'counter', id: 'c', kind: 'poison', error: { message: 'boom' } }])
    const skipped = await call('POST', `/parked/${encodeURIComponent(data[0]?.eventId ?? '')}/skip`, { reason: 'known defect' })
    expect([skipped.statusCode, skipped.json()]).toEqual([200, { done: true }])
    expect((await send('c', { type: 'add', by: 1 })).statusCode).toBe(200)
  })

  it('are steered: dry run, next, timers, hold', async () => {
    await call('POST', '/actors/counter', { id: 'c' })
    expect((await call('POST', '/actors/counter/c/dry-run', { type: 'stop' })).json()).toMatchObject({ accepted: true, to: 'stopped' })
    expect((await call('GET', '/actors/counter/c/next')).json()).toMatchObject({ events: expect.arrayContaining([expect.objectContaining({ event: 'stop', accepted: true })]) as unknown, timers: [{ event: expect.any(String) as unknown }] })
    const { data } = (await call('GET', '/actors/counter/c/timers')).json<{ data: { id: string }[] }>()
    const timer = encodeURIComponent(data[0]?.id ?? '')
    const dueAt = '2031-01-01T00:00:00.000Z'
    expect((await call('PATCH', `/actors/counter/c/timers/${timer}`, { dueAt, reason: 'asked to' })).json()).toMatchObject({ timers: [{ dueAt }] })
    expect((await call('POST', '/actors/counter/c/block', { reason: 'look at it' })).json()).toMatchObject({ status: 'blocked', hold: { reason: 'look at it', by: 'key:k_key-of-a' } })
    expect((await call('POST', '/actors/counter/c/unblock', { reason: 'seen' })).json()).toMatchObject({ status: 'active' })
    expect((await call('POST', `/actors/counter/c/timers/${timer}/fire`, { reason: 'now' })).json()).toMatchObject({ outcome: 'applied', actor: { status: 'done' } })
  })

  it('take a thousand at once, each with its outcome, in order', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, i) => call('POST', '/actors/counter', { id: `c${i}` })))
    const events = Array.from({ length: 1_000 }, (_, i) => ({ type: 'counter', id: `c${i % 11}`, event: { type: 'add', by: 1 }, eventId: `e${i}` }))
    const first = (await call('POST', '/events', { events })).json<{ data: { outcome: string; seq?: number; problem?: { code: string } }[] }>().data
    expect(first).toHaveLength(1_000)
    expect(first.filter(({ problem }) => problem?.code === 'actor-not-found')).toHaveLength(90)
    expect(first.filter((_, i) => i % 11 === 0).map(({ seq }) => seq)).toEqual(Array.from({ length: 91 }, (_, i) => i + 2))
    const again = (await call('POST', '/events', { events })).json<{ data: { outcome: string }[] }>().data
    expect(new Set(again.filter(({ outcome }) => outcome !== 'failed').map(({ outcome }) => outcome))).toEqual(new Set(['duplicate']))
  })

  it('stay within their tenant', async () => {
    await call('POST', '/actors/counter', { id: 'c' })
    const acme = world.keys.add('key-of-acme', ['admin'], 'acme')
    expect((await call('GET', '/actors/counter/c', undefined, acme)).statusCode).toBe(404)
    expect((await call('GET', '/actors/counter', undefined, acme)).json()).toMatchObject({ data: [] })
    await call('POST', '/actors/counter', { id: 'c' }, acme)
    await send('c', { type: 'add', by: 7 }, acme)
    expect((await call('GET', '/actors/counter/c')).json()).toMatchObject({ tenant: 'main', context: { n: 0 } })
  })
})
