/** A new actor that wants what another has is refused, and nothing of ours has failed: no error is logged, and none is kept silent that is one. */
import { expect, it } from 'vitest'
import { assign, setup } from 'xstate'
import { defineActor, memoryStore, type Log } from '../../../runtime/index.ts'
import { decorated, rig } from './rig.ts'

const TABLE = 'business.names'
const named = defineActor({
  type: 'named',
  version: '1',
  machine: setup({ types: { input: {} as { name: string }, context: {} as { name: string }, events: {} as { type: 'rename'; name: string } } }).createMachine({
    context: ({ input }) => ({ name: input.name }),
    on: { rename: { actions: assign(({ event }) => ({ name: event.name })) } },
  }),
  projections: { names: ({ address: { id }, context }) => [{ table: TABLE, key: { owner: id }, rows: [{ owner: id, name: (context as { name: string }).name }] }] },
})

function logged() {
  const lines: { level: string; fields: object; message: string }[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { log, loud: () => lines.filter(({ level }) => level === 'warn' || level === 'error'), lines }
}

const failure = (work: Promise<unknown>) => work.then(() => undefined, (error: unknown) => error)

it('alone, and among others that are made at the same moment', async () => {
  const { log, loud, lines } = logged()
  const r = await rig([named], { store: memoryStore({ uniqueKeys: { [TABLE]: [['name']] } }), log })
  const make = (id: string, name: string) => r.runtime.create({ type: 'named', id }, { name })
  await make('a', 'market')
  expect(await failure(make('b', 'market'))).toMatchObject({ code: 'invalid-input', details: { cause: { name: 'UniqueKeyError' } } })
  expect(await Promise.all([make('c', 'harbour'), failure(make('d', 'market')), make('e', 'lake')])).toMatchObject([{ id: 'c' }, { code: 'invalid-input' }, { id: 'e' }])
  expect(loud()).toEqual([])
  expect(lines.filter(({ message }) => message.startsWith('a new actor is refused')).map(({ fields }) => fields)).toMatchObject([{ table: TABLE }, { table: TABLE }])
  for (const { fields } of lines) expect(fields).not.toHaveProperty('err')
})

it('what the database refuses for another reason is an error', async () => {
  const { log, loud } = logged()
  const store = decorated(memoryStore(), { commit: async () => Promise.reject(new Error('the disk is full')) })
  const r = await rig([named], { store, log })
  await failure(r.runtime.create({ type: 'named', id: 'a' }, { name: 'market' }))
  expect(loud()).toMatchObject([{ level: 'error', fields: { err: { message: 'the disk is full' } } }])
})

it('so is an event of an actor that is there: it is held, and people must look', async () => {
  const { log, loud } = logged()
  const r = await rig([named], { store: memoryStore({ uniqueKeys: { [TABLE]: [['name']] } }), log })
  await r.runtime.create({ type: 'named', id: 'a' }, { name: 'market' })
  await r.runtime.create({ type: 'named', id: 'b' }, { name: 'lake' })
  expect(await failure(r.runtime.send({ type: 'named', id: 'b' }, { type: 'rename', name: 'market' }))).toMatchObject({ code: 'actor-blocked' })
  expect(loud()).toContainEqual(expect.objectContaining({ level: 'error', message: 'the database refuses the commit of this event' }))
})
