/** Nodes asking each other over NATS. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../runtime/model/json.ts'
import { PeerSilentError, PeerUnreachableError, type Peers } from '../../../runtime/ports/peers.ts'
import { eventually, gate, insist, natsNode, unique } from '../../support/bus-world.ts'
import { connect } from '../../support/nats-client.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

let server: NatsServer
let prefix: string
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await natsServer()
  prefix = unique('peers')
})

afterAll(() => server.dispose())

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function node(name: string, answer: (request: Json) => Promise<Json> = async () => null, servers = server.url): Promise<Peers> {
  const { peers } = natsNode(servers, prefix)
  ends.push(() => peers.stop())
  await peers.start(name, answer)
  return peers
}

/** Until the name is heard: a node that has just started is not connected yet. */
async function reached(peers: Peers, name: string): Promise<void> {
  await insist(() => peers.ask(name, 'hello', 2_000))
}

describe('a node', () => {
  it('answers another, and itself', async () => {
    const a = await node('a')
    await node('b.with *odd> name', async (request) => ({ got: request, more: ['ü', null, 1.5] }))
    await reached(a, 'b.with *odd> name')
    expect(await a.ask('b.with *odd> name', { deep: [true] }, 2_000)).toEqual({ got: { deep: [true] }, more: ['ü', null, 1.5] })
    await reached(a, 'a')
    expect(await a.ask('a', 'self', 2_000)).toBeNull()
  })

  it('that nobody knows is unreachable at once', async () => {
    const a = await node('a')
    await reached(a, 'a')
    const started = performance.now()
    await expect(a.ask('nobody', 1, 30_000)).rejects.toBeInstanceOf(PeerUnreachableError)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('that has stopped is unreachable', async () => {
    const a = await node('a')
    const b = await node('b')
    await reached(a, 'b')
    await b.stop()
    await expect(a.ask('b', 1, 2_000)).rejects.toBeInstanceOf(PeerUnreachableError)
  })

  it('that does not answer in time is silent', async () => {
    const a = await node('a')
    const slow = gate()
    await node('b', async (request) => (request === 'hello' ? null : slow.passed.then(() => 'late')))
    await reached(a, 'b')
    await expect(a.ask('b', 1, 100)).rejects.toBeInstanceOf(PeerSilentError)
    slow.open()
  })

  it('that fails while answering is silent, at once and without its words', async () => {
    const a = await node('a')
    await node('b', async (request) => {
      if (request === 'hello') return null
      throw new Error('secret words')
    })
    await reached(a, 'b')
    const error = await a.ask('b', 1, 30_000).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PeerSilentError)
    expect(String(error)).not.toContain('secret')
  })

  it('finishes what it is answering before it stops', async () => {
    const a = await node('a')
    const slow = gate()
    const asked = gate()
    const b = await node('b', async (request) => {
      if (request === 'hello') return null
      asked.open()
      return slow.passed.then(() => 'done')
    })
    await reached(a, 'b')
    const answer = a.ask('b', 1, 5_000)
    await asked.passed
    const stopping = b.stop()
    slow.open()
    expect(await answer).toBe('done')
    await stopping
  })

  it('hears hints, and a hint to nobody is no error', async () => {
    const a = await node('a')
    const heard: Json[] = []
    await node('b', async (request) => {
      heard.push(request)
      return null
    })
    await reached(a, 'b')
    a.hint('nobody', { slice: 1 })
    a.hint('b', { slice: 2 })
    await eventually(() => heard).toEqual(['hello', { slice: 2 }])
  })
})

describe('many questions at once', () => {
  it('go in one message, and each is answered when it is ready', async () => {
    const a = await node('a')
    const slow = gate()
    await node('b', async (request) => (request === 'slow' ? slow.passed.then(() => 'late') : request))
    await reached(a, 'b')
    const messages: Json[] = []
    const nc = await connect({ servers: server.url })
    ends.push(() => nc.close())
    nc.subscribe(`${prefix}.node.b`, { callback: (_error, message) => void messages.push(message.json<Json>()) })
    await nc.flush()
    const late = a.ask('b', 'slow', 30_000)
    const answers = await Promise.all([1, 2, 3].map((n) => a.ask('b', n, 30_000)))
    expect(answers).toEqual([1, 2, 3])
    slow.open()
    expect(await late).toBe('late')
    await eventually(() => messages).toEqual([['slow', 1, 2, 3]])
  })

  it('one that fails says nothing about the others', async () => {
    const a = await node('a')
    await node('b', async (request) => {
      if (request === 'bad') throw new Error('bad')
      return request
    })
    await reached(a, 'b')
    const bad = expect(a.ask('b', 'bad', 30_000)).rejects.toBeInstanceOf(PeerSilentError)
    expect(await a.ask('b', 'good', 30_000)).toBe('good')
    await bad
  })

  it('are spread over several messages when one cannot hold them, both ways', async () => {
    const a = await node('a')
    await node('b', async (request) => request)
    await reached(a, 'b')
    const texts = Array.from({ length: 40 }, (_, n) => String(n).padEnd(100_000, 'ü'))
    expect(await Promise.all(texts.map((text) => a.ask('b', text, 30_000)))).toEqual(texts)
  })

  it('what no message can hold was not asked, and an answer that none can hold is silence', async () => {
    const a = await node('a')
    await node('b', async (request) => (request === 'huge' ? 'x'.repeat(2 ** 21) : null))
    await reached(a, 'b')
    const tooLarge = expect(a.ask('b', 'x'.repeat(2 ** 21), 30_000)).rejects.toBeInstanceOf(PeerUnreachableError)
    const tooMuch = expect(a.ask('b', 'huge', 30_000)).rejects.toBeInstanceOf(PeerSilentError)
    expect(await a.ask('b', 1, 30_000)).toBeNull()
    await tooLarge
    await tooMuch
  })
})

describe('without a broker', () => {
  it('everybody is unreachable, hints are lost, and all is well when it is there', async () => {
    const own = await natsServer({ isStopped: true })
    ends.push(() => own.dispose())
    const a = await node('a', async () => 'a', own.url)
    await expect(a.ask('a', 1, 1_000)).rejects.toBeInstanceOf(PeerUnreachableError)
    a.hint('a', 1)
    await own.start()
    await reached(a, 'a')
    await own.stop()
    await own.start()
    await reached(a, 'a')
    expect(await a.ask('a', 1, 2_000)).toBe('a')
  })

  it('a broker that goes while an answer is awaited leaves the asker not knowing', async () => {
    const own = await natsServer()
    ends.push(() => own.dispose())
    const asked = gate()
    const stuck = gate()
    const a = await node('a', async () => null, own.url)
    await node('b', async (request) => {
      if (request === 'hello') return null
      asked.open()
      return stuck.passed.then(() => null)
    }, own.url)
    await reached(a, 'b')
    const failure = a.ask('b', 1, 30_000).catch((thrown: unknown) => thrown)
    await asked.passed
    await own.stop()
    expect(await failure).toBeInstanceOf(PeerSilentError)
    stuck.open()
  })
})
