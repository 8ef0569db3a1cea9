/** Commands that integrations leave with the bus (contract.md §4). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JetStreamBus, JetStreamBusOptions } from '../../../runtime/bus/jetstream/index.ts'
import type { Command, CommandAnswer } from '../../../runtime/ports/commands.ts'
import { brokerView, type BrokerView } from '../../support/broker-view.ts'
import { connected, eventually, gate, natsNode, receiver, unique } from '../../support/bus-world.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

let server: NatsServer
let view: BrokerView
let prefix: string
let COMMANDS: string
let DEAD: string
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await natsServer()
  view = await brokerView(server.url)
})

afterAll(async () => {
  await view.close()
  await server.dispose()
})

beforeEach(() => {
  prefix = unique('cmds')
  COMMANDS = `${prefix.toUpperCase()}_COMMANDS`
  DEAD = `${prefix.toUpperCase()}_DEAD`
})

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Edge extends JetStreamBus {
  /** In the order in which they were handed over. */
  commands: Command[]
  answer: (command: Command) => Promise<CommandAnswer>
}

const DONE: CommandAnswer = { outcome: 'done' }

/** @param epoch of the slice whose owner reads the commands; 0: this node does not own it. */
async function node(epoch = 1, options: Partial<JetStreamBusOptions> = {}): Promise<Edge> {
  const parts = natsNode(server.url, prefix, options)
  const edge: Edge = { ...parts, commands: [], answer: () => Promise.resolve(DONE) }
  await parts.bus.start(receiver())
  await parts.integrations.start({
    command: (command) => {
      edge.commands.push(command)
      return edge.answer(command)
    },
    call: () => Promise.reject(new Error('no calls here')),
  })
  await parts.bus.own(epoch === 0 ? new Map() : new Map([[0, epoch]]))
  ends.push(() => parts.integrations.stop(), () => parts.bus.stop())
  await connected(parts.bus)
  return edge
}

function ids(commands: readonly Command[]): string[] {
  return commands.map(({ eventId }) => eventId)
}

describe('a command', () => {
  it('is handed over with its address, id, headers and time, and is gone when it is done', async () => {
    const edge = await node()
    const before = Date.now()
    await view.publish(`${prefix}.cmd.acme.lamp.l%2E1`, { type: 'toggle', watts: 5 }, { 'Nats-Msg-Id': 'own-id', Authorization: 'Bearer x' })
    await eventually(() => edge.commands.length).toBe(1)
    const [command] = edge.commands
    expect(command).toMatchObject({ address: { tenant: 'acme', type: 'lamp', id: 'l.1' }, eventId: 'own-id', event: { type: 'toggle', watts: 5 }, attempt: 1 })
    expect(command?.headers.get('authorization')).toBe('Bearer x')
    expect(command?.sentAt).toBeGreaterThanOrEqual(before - 1)
    expect(command?.sentAt).toBeLessThanOrEqual(Date.now() + 1)
    await eventually(() => view.count(COMMANDS)).toBe(0)
  })

  it('takes its event id from Nats-Msg-Id, else ce-id, else from where it is stored', async () => {
    const edge = await node()
    const subject = `${prefix}.cmd.main.lamp.a`
    await view.publish(subject, { type: 'toggle' }, { 'Nats-Msg-Id': 'msg', 'ce-id': 'ce' })
    await view.publish(subject, { type: 'toggle' }, { 'ce-id': 'a%20b' })
    await view.publish(subject, { type: 'toggle' })
    await view.publish(subject, { type: 'toggle' })
    await eventually(() => edge.commands.length).toBe(4)
    const [first, second, third, fourth] = ids(edge.commands)
    expect([first, second]).toEqual(['msg', 'a b'])
    expect(third).toMatch(new RegExp(`^nats:${COMMANDS}:3:\\d+$`))
    expect(fourth).toMatch(new RegExp(`^nats:${COMMANDS}:4:\\d+$`))
  })

  it('is acknowledged only when it is done: the next owner gets it under the same id', async () => {
    const former = await node(1)
    const stuck = gate()
    former.answer = () => stuck.passed.then(() => DONE)
    await view.publish(`${prefix}.cmd.main.lamp.a`, { type: 'toggle' })
    await eventually(() => former.commands.length).toBe(1)
    expect(await view.count(COMMANDS)).toBe(1)
    const heir = await node(2)
    await eventually(() => ids(heir.commands)).toEqual(ids(former.commands))
    stuck.open()
    await eventually(() => view.count(COMMANDS)).toBe(0)
  })

  it('waits in order behind an earlier one for the same actor, and not behind those for others', async () => {
    const edge = await node()
    const slow = gate()
    edge.answer = ({ eventId }) => (eventId === 'a1' ? slow.passed.then(() => DONE) : Promise.resolve(DONE))
    for (const id of ['a1', 'a2', 'b1', 'a3', 'b2']) await view.publish(`${prefix}.cmd.main.lamp.${id.slice(0, 1)}`, { type: 'toggle' }, { 'Nats-Msg-Id': id })
    await eventually(() => ids(edge.commands)).toEqual(['a1', 'b1', 'b2'])
    slow.open()
    await eventually(() => ids(edge.commands)).toEqual(['a1', 'b1', 'b2', 'a2', 'a3'])
  })

  it('that cannot be taken now is tried again, before later ones for the same actor', async () => {
    const edge = await node()
    edge.answer = async ({ eventId, attempt }) => {
      if (eventId === 'a1' && attempt === 1) return { outcome: 'later', afterMs: 30 }
      if (eventId === 'a1' && attempt === 2) throw new Error('who knows')
      return DONE
    }
    for (const id of ['a1', 'a2', 'b1']) await view.publish(`${prefix}.cmd.main.lamp.${id.slice(0, 1)}`, { type: 'toggle' }, { 'Nats-Msg-Id': id })
    await eventually(() => ids(edge.commands)).toEqual(['a1', 'b1', 'a1', 'a1', 'a2'])
    expect(edge.commands.filter(({ eventId }) => eventId === 'a1').map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    await eventually(() => view.count(COMMANDS)).toBe(0)
    expect(await view.count(DEAD)).toBe(0)
  })

  it('that is refused for ever becomes a dead letter with code and reason', async () => {
    const edge = await node()
    edge.answer = () => Promise.resolve({ outcome: 'refused', code: 'event-not-accepted', reason: 'the lamp\nis broken' })
    await view.publish(`${prefix}.cmd.main.lamp.a`, { type: 'toggle' }, { 'Nats-Msg-Id': 'x1', 'ce-id': 'c' })
    await eventually(() => view.count(COMMANDS)).toBe(0)
    expect(await view.stored(DEAD)).toMatchObject([
      {
        subject: `${prefix}.dead.${COMMANDS}`,
        text: '{"type":"toggle"}',
        headers: { 'standing-error': 'the lamp is broken', 'standing-code': 'event-not-accepted', 'standing-subject': `${prefix}.cmd.main.lamp.a`, 'standing-msg-id': 'x1', 'ce-id': 'c' },
      },
    ])
  })

  it.each([
    ['main.lamp', '{"type":"toggle"}', {}, 'invalid-input', /subject of a command/],
    ['main.lamp.a.b', '{"type":"toggle"}', {}, 'invalid-input', /subject of a command/],
    ['main.lamp.%zz', '{"type":"toggle"}', {}, 'invalid-input', /subject of a command/],
    ['main.lamp.a', '{"type":', {}, 'invalid-event', /not JSON/],
    ['main.lamp.a', '[]', {}, 'invalid-event', /object with a type/],
    ['main.lamp.a', '{"type":7}', {}, 'invalid-event', /object with a type/],
    ['main.lamp.a', '{"type":"toggle"}', { 'ce-id': 'a%00b' }, 'invalid-input', /event id must be/],
  ])('that cannot be understood becomes a dead letter: %s %s', async (end, text, headers, code, reason) => {
    const edge = await node()
    await view.publish(`${prefix}.cmd.${end}`, text, headers)
    await eventually(() => view.stored(DEAD)).toHaveLength(1)
    const [letter] = await view.stored(DEAD)
    expect(letter?.headers['standing-code']).toBe(code)
    expect(letter?.headers['standing-error']).toMatch(reason)
    expect(letter?.text).toBe(text)
    expect(edge.commands).toEqual([])
    await eventually(() => view.count(COMMANDS)).toBe(0)
  })

  it('is read by one node, the owner of the slice; it moves on with it, in order', async () => {
    const one = await node(1)
    const other = await node(0)
    const handed: string[] = []
    const answer = async ({ eventId }: Command): Promise<CommandAnswer> => {
      handed.push(eventId)
      await new Promise((resolve) => setImmediate(resolve))
      return DONE
    }
    one.answer = answer
    other.answer = answer
    const all = Array.from({ length: 300 }, (_, n) => `c${n}`)
    const published = (async () => {
      for (const id of all) await view.publish(`${prefix}.cmd.main.lamp.a`, { type: 'toggle' }, { 'Nats-Msg-Id': id })
    })()
    await eventually(() => handed.length).toBeGreaterThan(50)
    await one.bus.own(new Map())
    await other.bus.own(new Map([[0, 2]]))
    await published
    await eventually(() => view.count(COMMANDS)).toBe(0)
    // What the one had done and the broker had not heard of yet may have come twice.
    expect([...new Set(handed)]).toEqual(all)
    expect(other.commands.length).toBeGreaterThan(0)
  })

  it('that was taken when the edge stops is waited for; the others stay', async () => {
    const edge = await node()
    const slow = gate()
    edge.answer = () => slow.passed.then(() => DONE)
    for (const id of ['a1', 'a2']) await view.publish(`${prefix}.cmd.main.lamp.a`, { type: 'toggle' }, { 'Nats-Msg-Id': id })
    await eventually(() => edge.commands.length).toBe(1)
    const stopping = edge.integrations.stop()
    slow.open()
    await stopping
    expect(ids(edge.commands)).toEqual(['a1'])
    await eventually(() => view.count(COMMANDS)).toBe(1)
  })

  it('published while the broker is full of them is refused to its sender', async () => {
    await node(0, { limits: { commandMessages: 1 } })
    await view.publish(`${prefix}.cmd.main.lamp.a`, { type: 'toggle' })
    await expect(view.publish(`${prefix}.cmd.main.lamp.b`, { type: 'toggle' })).rejects.toMatchObject({ api_error: { description: 'maximum messages exceeded' } })
  })
})
