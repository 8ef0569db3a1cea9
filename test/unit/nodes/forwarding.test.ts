/** Any node takes any command: what belongs to another is done there, or here when it cannot be reached (R2, R3). */
import { assign, createMachine, emit } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { durable, noMetrics, RetryableError, silentLog, sliceOf, TerminalError } from '../../../runtime/index.ts'
import { refusal, STAFF, thing, turn, typed } from '../engine/rig.ts'
import { Nodes } from './nodes-rig.ts'

const machine = createMachine({
  types: typed<{ context: { n: number }; events: { type: string; by?: number } }>(),
  context: { n: 0 },
  initial: 'open',
  states: {
    open: { on: { add: { actions: [assign({ n: ({ context }) => (context.n) + 1 }), emit({ type: 'added' })] }, close: 'closed', call: 'calling', boom: { actions: assign({ n: () => { throw new Error('boom') } }) } }, after: { 60_000: 'closed' } },
    calling: { invoke: { src: 'call', id: 'c', onDone: 'open', onError: 'open' } },
    closed: { on: { open: 'open' } },
  },
}).provide({ actors: { call: durable<string>() } })

const events = { add: z.strictObject({ by: z.number().optional() }), close: z.strictObject({}), open: z.strictObject({}), call: z.strictObject({}), boom: z.strictObject({}) }
const define = (run: () => unknown = () => 'ok') => () => [thing(machine, { events, effects: { call: { retry: { attempts: 1 }, run } } })]

/** Two nodes, and an actor of `b`; asked is `a`. */
async function two(run?: () => unknown) {
  const nodes = new Nodes(define(run))
  const { runtime: a } = await nodes.join('a')
  const { runtime: b } = await nodes.join('b')
  const at = { type: 'thing', id: await nodes.idOf('b') }
  await a.create(at)
  nodes.network.asked.length = 0
  return { nodes, a, b, at, asked: () => nodes.network.asked.length }
}

describe('a command for another node', () => {
  it('is done at the owner, and its answer comes back whole', async () => {
    const { nodes, a, b, at, asked } = await two()
    const result = await a.send(at, { type: 'add' }, { source: 'rest:k', correlationId: 'c1' })
    expect(asked()).toBe(1)
    expect(result).toMatchObject({ outcome: 'applied', seq: 2, facts: [{ type: 'added' }], actor: { id: at.id, value: 'open', context: { n: 1 }, timers: [{ id: expect.any(String) as string }] } })
    expect(result.actor).toEqual(await b.get(at))
    expect((await a.history(at)).at(-1)).toMatchObject({ source: 'rest:k', correlationId: 'c1' })
    // Kept in memory by its owner alone.
    expect([a.stats().hotActors, b.stats().hotActors]).toEqual([0, 1])
    await nodes.settled()
    expect(nodes.network.facts.map(({ by }) => by)).toEqual(['b'])
  })

  it('asks nobody for what is its own', async () => {
    const { nodes, a, asked } = await two()
    const mine = { type: 'thing', id: await nodes.idOf('a') }
    await a.create(mine)
    await a.send(mine, { type: 'add' })
    expect(asked()).toBe(0)
  })

  it.each([
    ['event-not-accepted', { type: 'open' }, {}, { accepts: expect.arrayContaining(['add', 'close']) as string[] }],
    ['stale-version', { type: 'add' }, { ifSeq: 7 }, { extra: { seq: 1 } }],
    ['invalid-event', { type: 'add', by: 'x' }, {}, { errors: [{ pointer: '/by', detail: expect.any(String) as string }] }],
    ['invalid-event', { type: 'xstate.init' }, {}, {}],
    ['invalid-input', { type: 'add' }, { eventId: 'a\u0000b' }, {}],
    ['actor-blocked', { type: 'boom' }, {}, { extra: { eventId: expect.any(String) as string } }],
  ] as const)('an error comes back as it was: %s', async (code, event, options, details) => {
    const { a, at } = await two()
    const error = await refusal(a.send(at, event, options), code)
    expect(error.details).toMatchObject(details)
  })

  it('an actor that does not exist, exists already, or is of no known type', async () => {
    const { nodes, a, at } = await two()
    await refusal(a.send({ ...at, id: await nodes.idOf('b', 'thing', 1) }, { type: 'add' }), 'actor-not-found')
    await refusal(a.create(at), 'actor-exists')
    await refusal(a.create({ type: 'nothing' }), 'actor-type-unknown')
    await refusal(a.create({ type: 'thing', id: `${at.id}~` }), 'invalid-input')
  })

  it('the same event id is the same event, whichever node is asked', async () => {
    const { a, b, at } = await two()
    await a.send(at, { type: 'add' }, { eventId: 'e1' })
    expect(await b.send(at, { type: 'add' }, { eventId: 'e1' })).toMatchObject({ outcome: 'duplicate', seq: 2 })
    expect(await a.send(at, { type: 'add' }, { eventId: 'e1' })).toMatchObject({ outcome: 'duplicate', seq: 2 })
    await refusal(a.send(at, { type: 'close' }, { eventId: 'e1', checkBody: true }), 'idempotency-mismatch')
  })

  it('a batch goes to each owner once, and answers come back in its order', async () => {
    const { nodes, a, at, asked } = await two()
    const mine = { type: 'thing', id: await nodes.idOf('a') }
    await a.create(mine)
    const nobody = { type: 'thing', id: await nodes.idOf('b', 'thing', 3) }
    const answers = await a.sendMany([{ to: mine, event: { type: 'add' } }, { to: at, event: { type: 'add' } }, { to: nobody, event: { type: 'add' } }, { to: at, event: { type: 'add' } }])
    expect(asked()).toBe(1)
    expect(answers).toMatchObject([{ ok: true, result: { seq: 2 } }, { ok: true, result: { seq: 2 } }, { ok: false, error: { code: 'actor-not-found' } }, { ok: true, result: { seq: 3 } }])
  })

  it("staff's actions go there too", async () => {
    const { nodes, a, b, at, asked } = await two(() => { throw new TerminalError('no') })
    expect(await a.block(at, STAFF)).toMatchObject({ status: 'blocked' })
    expect(await a.unblock(at, STAFF)).toMatchObject({ status: 'active' })
    const [timer] = await a.timers(at)
    expect((await a.moveTimer(at, timer?.id ?? '', 90_000, STAFF)).timers).toMatchObject([{ dueAt: '1970-01-01T00:01:30.000Z' }])
    expect(await a.fireTimer(at, timer?.id ?? '', STAFF)).toMatchObject({ outcome: 'applied', actor: { value: 'closed' } })
    await refusal(a.fireTimer(at, timer?.id ?? '', STAFF), 'event-not-accepted')
    await a.send(at, { type: 'open' })
    await refusal(a.send(at, { type: 'boom' }, { eventId: 'bad' }), 'actor-blocked')
    await a.skipParked('main', 'bad', STAFF)
    await refusal(a.retryParked('main', 'none', STAFF), 'parked-not-found')
    await a.discardParked('main', 'bad', STAFF)
    expect((await a.get(at))?.status).toBe('active')
    expect(asked()).toBe(9)
    expect(nodes.network.asked.every(({ to }) => to === 'b')).toBe(true)
    expect(b.stats().hotActors).toBe(1)
  })

  it("retries and cancels another node's effects, and sees how they are", async () => {
    let isDown = true
    const run = vi.fn(() => {
      if (isDown) throw new RetryableError('busy', { retryAfterMs: 60_000 })
      return 'ok'
    })
    const nodes = new Nodes(() => [thing(machine, { events, effects: { call: { retry: { attempts: 5 }, run } } })])
    const { runtime: a } = await nodes.join('a')
    await nodes.join('b')
    const at = { type: 'thing', id: await nodes.idOf('b') }
    await a.create(at)
    const key = `main/thing/${at.id}/2/0`
    expect((await a.send(at, { type: 'call' })).actor.effects).toMatchObject([{ key, status: expect.any(String) as string }])
    await turn(20)
    expect((await a.get(at))?.effects).toMatchObject([{ key, status: 'retrying', attempts: 1 }])
    isDown = false
    await a.retryEffect(key, STAFF)
    await nodes.settled()
    expect(run).toHaveBeenCalledTimes(2)
    expect((await a.get(at))?.value).toBe('open')
  })

  it('waiting for it looks at the store now and then', async () => {
    const { a, b, at } = await two()
    const waiting = a.waitFor(at, ({ context }) => (context as { n: number }).n === 2, { timeoutMs: 3_000 })
    await b.send(at, { type: 'add' })
    await b.send(at, { type: 'add' })
    expect(await waiting).toMatchObject({ context: { n: 2 } })
  })
})

describe('an owner that is not in reach', () => {
  it('nobody there: it is committed here, under R2', async () => {
    const { nodes, a, at } = await two()
    nodes.kill('b')
    expect(await a.send(at, { type: 'add' })).toMatchObject({ outcome: 'applied', seq: 2 })
    expect(await nodes.journal(at)).toEqual(['xstate.init', 'add'])
  })

  it('is told to the log once, and again when it has been in reach between', async () => {
    const warned: unknown[] = []
    const nodes = new Nodes(define())
    const { runtime: a } = await nodes.join('a', { log: { ...silentLog, warn: (details: object, message?: string) => void warned.push({ ...details, message }) } })
    await nodes.join('b')
    const at = { type: 'thing', id: await nodes.idOf('b') }
    await a.create(at)
    nodes.network.refusesAll = true
    for (let n = 0; n < 3; n++) await a.send(at, { type: 'add' })
    const told = { owner: 'b', command: 'send', slice: sliceOf({ tenant: 'main', ...at }), problem: 'nobody is called b', message: expect.stringContaining('committing here') as string }
    expect(warned).toEqual([told])
    nodes.network.refusesAll = false
    await a.send(at, { type: 'add' })
    nodes.network.refusesAll = true
    await a.send(at, { type: 'add' })
    expect(warned).toEqual([told, told])
    expect((await a.get(at))?.context).toEqual({ n: 5 })
  })

  it('silent before it did anything: it is committed here', async () => {
    const { nodes, a, b, at } = await two()
    nodes.network.trouble = 'request lost'
    expect(await a.send(at, { type: 'add' })).toMatchObject({ outcome: 'applied', seq: 2, actor: { context: { n: 1 } } })
    expect(await nodes.journal(at)).toEqual(['xstate.init', 'add'])
    // The owner goes on from there, whatever it remembered.
    await b.send(at, { type: 'add' })
    expect((await b.get(at))?.context).toEqual({ n: 2 })
  })

  it('silent after it did it: the journal says so, and the sender hears of one', async () => {
    const { nodes, a, at, asked } = await two()
    nodes.network.trouble = 'answer lost'
    expect(await a.send(at, { type: 'add' })).toMatchObject({ outcome: 'applied', seq: 2, actor: { context: { n: 1 } } })
    expect(await nodes.journal(at)).toEqual(['xstate.init', 'add'])
    // Who was silent is not asked again at once.
    await a.send(at, { type: 'add' })
    expect(asked()).toBe(1)
  })

  it.each(['request lost', 'answer lost'] as const)('%s: everything else is done once too', async (trouble) => {
    const id = `x${trouble.length}`
    for (const act of [
      async ({ a, nodes }: Awaited<ReturnType<typeof two>>) => [await a.create({ type: 'thing', id: await nodes.idOf('b', 'thing', 1) }).then(({ id: made }) => nodes.journal({ type: 'thing', id: made })), ['xstate.init']],
      async ({ a, nodes, at }: Awaited<ReturnType<typeof two>>) => [await a.block(at, STAFF).then(() => nodes.journal(at)), ['xstate.init', 'standing.blocked']],
      async ({ a, nodes, at }: Awaited<ReturnType<typeof two>>) => {
        const [timer] = await a.timers(at)
        await a.fireTimer(at, timer?.id ?? '', STAFF)
        return [await nodes.journal(at), ['xstate.init', expect.stringContaining('xstate.after') as string]]
      },
      async ({ a, nodes, at }: Awaited<ReturnType<typeof two>>) => {
        const answers = await a.sendMany([{ to: at, event: { type: 'add' } }, { to: at, event: { type: 'add' }, eventId: id }])
        expect(answers).toMatchObject([{ ok: true, result: { outcome: 'applied' } }, { ok: true }])
        return [await nodes.journal(at), ['xstate.init', 'add', 'add']]
      },
    ]) {
      const world = await two()
      world.nodes.network.trouble = trouble
      const [journal, expected] = await act(world)
      expect(journal).toEqual(expected)
    }
  })

  it('one that owns it no more declines, and it is done here', async () => {
    const outcomes: string[] = []
    const nodes = new Nodes(define())
    const { runtime: a } = await nodes.join('a', { metrics: { ...noMetrics, forwarded: (outcome) => void outcomes.push(outcome) } })
    await nodes.join('b')
    const at = { type: 'thing', id: await nodes.idOf('b') }
    await a.create(at)
    nodes.all.get('b')?.clock.freeze()
    // Its lease is over by its own clock; the other has not noticed yet.
    nodes.all.get('a')?.clock.freeze()
    await nodes.time.advance(5_500)
    expect(await a.send(at, { type: 'add' })).toMatchObject({ outcome: 'applied', seq: 2 })
    expect(await nodes.journal(at)).toEqual(['xstate.init', 'add'])
    expect(outcomes).toEqual(['answered', 'declined'])
  })

  it('without peers each node commits by itself, and reads what is so', async () => {
    const nodes = new Nodes(define())
    const { runtime: a } = await nodes.join('a', { peers: undefined as never })
    const { runtime: b } = await nodes.join('b', { peers: undefined as never })
    const at = { type: 'thing', id: await nodes.idOf('b') }
    await a.create(at)
    await b.send(at, { type: 'add' })
    await a.send(at, { type: 'close' })
    // Its owner remembers it as open; before it says no it looks.
    expect(await b.get(at)).toMatchObject({ value: 'closed' })
    expect(await b.send(at, { type: 'open' })).toMatchObject({ outcome: 'applied', seq: 4 })
    await a.send(at, { type: 'close' })
    await refusal(b.send(at, { type: 'add' }), 'event-not-accepted')
    expect(await nodes.journal(at)).toEqual(['xstate.init', 'add', 'close', 'open', 'close'])
  })
})
