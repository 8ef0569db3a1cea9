/** Two actors want one row at once: the database gives it to one, and the other is told whose it is. */
import { assign, setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import { createRuntime, defineActor, manualClock, memoryStore, type ActorDefinition } from '../../../runtime/index.ts'
import { decorated, rig } from './rig.ts'

type Take = { type: 'take'; thing: string; takenBy?: string }

const machine = setup({ types: { context: {} as { has: string | null; lostTo: string[] }, events: {} as Take | { type: 'note' } } }).createMachine({
  context: { has: null, lostTo: [] },
  on: {
    take: {
      actions: assign(({ context, event: { thing, takenBy } }) => (takenBy === undefined || takenBy === 'nobody' ? { has: thing } : { lostTo: [...context.lostTo, takenBy] })),
    },
    note: { actions: assign({}) },
  },
})

const TABLE = 'business.things'
const uniqueKeys = { [TABLE]: [['thing']] }

function taker(more: Partial<ActorDefinition> = {}): ActorDefinition[] {
  return [
    defineActor({
      type: 'taker',
      version: '1',
      machine,
      projections: {
        things: ({ address: { id }, context }) => {
          const { has } = context as { has: string | null }
          return has === null ? [] : [{ table: TABLE, key: { owner: id }, rows: [{ owner: id, thing: has }] }]
        },
      },
      contests: {
        [TABLE]: {
          key: ({ thing }) => (typeof thing === 'string' ? { thing } : undefined),
          instead: (event, { owner }) => (event['takenBy'] === undefined ? { ...event, takenBy: String(owner) } : undefined),
        },
      },
      ...more,
    }),
  ]
}

const take = (id: string, more: object = {}) => ({ to: { type: 'taker', id }, event: { type: 'take', thing: 'x', ...more }, eventId: `take-${id}` })

describe('an event that comes second to a unique row', () => {
  it('of one batch is told anew, under its id and in its place', async () => {
    const r = await rig(taker(), { store: memoryStore({ uniqueKeys }) })
    await r.create(undefined, 'a')
    await r.create(undefined, 'b')
    const note = { to: { type: 'taker', id: 'b' }, event: { type: 'note' }, eventId: 'note-b' }
    const answers = await r.runtime.sendMany([take('a'), take('b'), note])
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true])
    expect([await r.context('a'), await r.context('b')]).toEqual([{ has: 'x', lostTo: [] }, { has: null, lostTo: ['a'] }])
    const journal = await r.runtime.history({ type: 'taker', id: 'b' }, {})
    expect(JSON.stringify(journal)).toMatch(/take-b.*note-b|note-b.*take-b/)
    expect(JSON.stringify(journal)).toContain('"takenBy":"a"')
    // R3: the same again is the same.
    await r.runtime.sendMany([take('b')])
    expect([await r.context('b'), await r.runtime.listParked({ limit: 9 })]).toEqual([{ has: null, lostTo: ['a'] }, []])
  })

  it('of two nodes is told anew by the one that came second', async () => {
    const store = memoryStore({ uniqueKeys })
    const nodes = ['n1', 'n2'].map((node) => createRuntime({ actors: taker(), store, clock: manualClock(0), sweepEveryMs: 0, node }))
    for (const node of nodes) await node.start()
    for (const id of ['a', 'b']) await nodes[0]?.create({ type: 'taker', id })
    await Promise.all(nodes.map((node, i) => node.sendMany([take(i === 0 ? 'a' : 'b')])))
    const contexts = await Promise.all(['a', 'b'].map(async (id, i) => (await nodes[i]?.get({ type: 'taker', id }))?.context))
    expect(contexts).toEqual(expect.arrayContaining([{ has: 'x', lostTo: [] }, { has: null, lostTo: [expect.stringMatching(/^[ab]$/)] }]))
    for (const node of nodes) node.kill()
  })

  it('is lost by no crash between the refusal and the telling', async () => {
    const memory = memoryStore({ uniqueKeys })
    let asked = (): void => undefined
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const hanging = decorated(memory, { findRow: () => (asked(), new Promise(() => undefined)) })
    const r = await rig(taker(), { store: hanging })
    await r.create(undefined, 'a')
    await r.create(undefined, 'b')
    await r.runtime.sendMany([take('a')])
    // Nobody answers for the dead.
    void r.runtime.sendMany([take('b')])
    await isAsked
    await r.crash(undefined, { store: memory })
    expect(await r.context('b')).toEqual({ has: null, lostTo: [] })
    await r.runtime.sendMany([take('b')])
    expect(await r.context('b')).toEqual({ has: null, lostTo: ['a'] })
  })

  it('is for people when it is refused as it was told anew, or when there is no way to tell it', async () => {
    const instead = { [TABLE]: { key: () => ({ thing: 'x' }), instead: (event: { type: string }) => ({ ...event, takenBy: 'nobody' }) } }
    for (const contests of [instead, undefined]) {
      const r = await rig(taker({ contests: contests ?? {} }), { store: memoryStore({ uniqueKeys }) })
      await r.create(undefined, 'a')
      await r.create(undefined, 'b')
      expect((await r.runtime.sendMany([take('a'), take('b')])).map(({ ok }) => ok)).toEqual([true, false])
      expect([(await r.view('b')).status, (await r.runtime.listParked({ limit: 9 })).map(({ kind }) => kind)]).toEqual(['blocked', ['poison']])
    }
  })

  it('counts when the row is gone again by the time it is looked for', async () => {
    const memory = memoryStore({ uniqueKeys })
    const store = decorated(memory, { findRow: async () => (memory.tables.rows.set(TABLE, []), undefined) })
    const r = await rig(taker(), { store })
    await r.create(undefined, 'a')
    await r.create(undefined, 'b')
    await r.runtime.sendMany([take('a')])
    await r.runtime.sendMany([take('b')])
    expect(await r.context('b')).toEqual({ has: 'x', lostTo: [] })
  })
})
