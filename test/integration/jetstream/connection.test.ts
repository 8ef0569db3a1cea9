/** The broker comes and goes; starting never fails for it, nothing is lost, and no credential is told. */
import { afterEach, describe, expect, it } from 'vitest'
import type { JetStreamBus, JetStreamBusOptions } from '../../../runtime/bus/jetstream/index.ts'
import { brokerView } from '../../support/broker-view.ts'
import { actor, actorIn, allSlices, connected, eventually, fact, insist, mail, natsNode, post, receiver, recordedLog, type Receiver } from '../../support/bus-world.ts'
import { nkeyUser } from '../../support/nats-client.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function broker(options?: Parameters<typeof natsServer>[0]): Promise<NatsServer> {
  const server = await natsServer(options)
  ends.push(() => server.dispose())
  return server
}

async function node(servers: string, options: Partial<JetStreamBusOptions> = {}, slices = allSlices()): Promise<JetStreamBus & { received: Receiver }> {
  const parts = natsNode(servers, 'standing', options)
  const received = receiver()
  await parts.bus.start(received)
  await parts.bus.own(slices)
  ends.push(() => parts.bus.stop())
  return { ...parts, received }
}

describe('a broker that is away', () => {
  it('does not keep a node from starting, and is used when it comes', async () => {
    const server = await broker({ isStopped: true })
    const { bus, received } = await node(server.url)
    await eventually(() => bus.status().problem).toMatch(/nobody answers/)
    expect(bus.status().isConnected).toBe(false)
    await expect(bus.sendMail(mail(actor()))).rejects.toThrow(/broker is away/)
    await expect(bus.publishFact(fact(actor(), 1))).rejects.toThrow(/broker is away/)

    await server.start()
    await connected(bus)
    expect(bus.status()).toMatchObject({ isConnected: true })
    const sent = mail(actor())
    await post(bus, [sent])
    await eventually(received.keys).toEqual([sent.key])
  })

  it('does not keep a node from stopping', async () => {
    const server = await broker({ isStopped: true })
    const { bus, peers } = await node(server.url)
    await peers.start('n1', async () => null)
    await bus.stop()
    await peers.stop()
  })

  it('and hangs does not keep a node from stopping either', async () => {
    const server = await broker()
    const { bus, peers } = await node(server.url)
    await peers.start('n1', async () => null)
    await connected(bus)
    await post(bus, [mail(actor())])
    await server.freeze()
    const started = performance.now()
    await bus.stop()
    await peers.stop()
    expect(performance.now() - started).toBeLessThan(5_000)
    server.resume()
  })

  it('is looked for at each of several addresses', async () => {
    const server = await broker()
    const absent = await broker({ isStopped: true })
    const { bus } = await node(`${absent.url}, ${server.url}`)
    await connected(bus)
  })

  it('that is killed loses no mail and no order, and is found again', async () => {
    const server = await broker()
    const { bus, received } = await node(server.url)
    await connected(bus)
    const pairs = Array.from({ length: 5 }, () => ({ to: actor(), from: actor() }))
    const lines = pairs.map(({ to, from }) => Array.from({ length: 60 }, () => mail(to, from)))
    received.answer = () => new Promise((resolve) => setImmediate(resolve))
    const posted = Promise.all(lines.map((line) => post(bus, line)))
    for (const share of [40, 120, 200]) {
      await eventually(() => received.taken.length).toBeGreaterThan(share)
      await server.stop('SIGKILL')
      await eventually(() => bus.status().isConnected).toBe(false)
      await server.start()
    }
    await posted
    for (const line of lines) {
      const keys = line.map(({ key }) => key)
      // Some may have come twice, which the receiver tells by their keys; the first time counts.
      await eventually(() => [...new Set(received.keys())].filter((key) => keys.includes(key))).toEqual(keys)
    }
  })

  it('that comes back with nothing stored gets its streams anew, and what the outbox sends again arrives', async () => {
    const server = await broker()
    const { bus, received } = await node(server.url)
    await connected(bus)
    const before = mail(actor())
    await post(bus, [before])
    await eventually(received.keys).toEqual([before.key])
    await server.stop()
    await server.start({ wiped: true })
    const after = mail(actor())
    await post(bus, [after])
    await eventually(received.keys).toEqual([before.key, after.key])
    await insist(() => bus.publishFact(fact(actor(), 1)))
    const view = await brokerView(server.url)
    ends.push(() => view.close())
    expect(await view.count('STANDING_FACTS')).toBe(1)
  })

  it('whose streams are deleted under way gets them anew', async () => {
    const server = await broker()
    const { bus, received } = await node(server.url)
    await connected(bus)
    const view = await brokerView(server.url)
    ends.push(() => view.close())
    await view.jsm.streams.delete('STANDING_MAIL')
    await view.jsm.streams.delete('STANDING_FACTS')
    const sent = mail(actor())
    await post(bus, [sent])
    await insist(() => bus.publishFact(fact(actor(), 1)))
    await eventually(received.keys).toEqual([sent.key])
  })

  it('whose streams are deleted, though nothing is read here, gets them anew for the next message', async () => {
    const server = await broker()
    const { bus } = await node(server.url, {}, new Map())
    await connected(bus)
    const view = await brokerView(server.url)
    ends.push(() => view.close())
    await view.jsm.streams.delete('STANDING_FACTS')
    await expect(bus.publishFact(fact(actor(), 1))).rejects.toThrow(/no stream/)
    await insist(() => bus.publishFact(fact(actor(), 1)))
    expect(await view.count('STANDING_FACTS')).toBe(1)
  })

  it('whose consumer is deleted under way: the slice is read again, from the first that is not acknowledged', async () => {
    const server = await broker()
    const { bus, received } = await node(server.url, {}, new Map([[3, 4]]))
    await connected(bus)
    const view = await brokerView(server.url)
    ends.push(() => view.close())
    await eventually(() => view.jsm.consumers.info('STANDING_MAIL', 'mail-3-4').then(({ name }) => name, () => undefined)).toBe('mail-3-4')
    await view.jsm.consumers.delete('STANDING_MAIL', 'mail-3-4')
    const sent = mail(actorIn(3))
    await post(bus, [sent])
    await eventually(received.keys).toEqual([sent.key])
  })

  it('that falls silent: what was sent is rejected in time, and arrives when it is sent again', async () => {
    const server = await broker()
    const { bus, received } = await node(server.url, { timing: { answerMs: 200, pingMs: 100 } })
    await connected(bus)
    await server.freeze()
    const [sent, from] = [mail(actor()), actor()]
    const behind = [mail(sent.to, from), mail(sent.to, from)]
    const rejected: string[] = []
    const sending = [sent, ...behind].map((one) => bus.sendMail(one).catch((error: unknown) => rejected.push(String(error))))
    await Promise.race(sending)
    // What waited behind it must not go first when the broker is back: all are rejected together.
    await Promise.resolve()
    expect(rejected).toHaveLength(3)
    expect(rejected[0]).toMatch(/did not acknowledge|connection .* lost/)
    await eventually(() => bus.status().isConnected).toBe(false)
    server.resume()
    await post(bus, [sent, ...behind])
    await eventually(() => [...new Set(received.keys())]).toEqual([sent, ...behind].map(({ key }) => key))
  })
})

describe('several nodes', () => {
  it('make the streams at once', async () => {
    const server = await broker()
    const nodes = await Promise.all(Array.from({ length: 6 }, (_, n) => node(server.url, {}, new Map([[n, 1]]))))
    await Promise.all(nodes.map(({ bus }) => connected(bus)))
    const view = await brokerView(server.url)
    ends.push(() => view.close())
    const names = await view.jsm.streams.list().next()
    expect(names.map(({ config }) => config.name).sort()).toEqual(['STANDING_ADVICE', 'STANDING_COMMANDS', 'STANDING_DEAD', 'STANDING_FACTS', 'STANDING_MAIL'])
    expect(names.find(({ config }) => config.name === 'STANDING_MAIL')?.config).toMatchObject({ retention: 'workqueue', discard: 'new', storage: 'file', subjects: ['standing.mail.*'] })
  })

  it('bring streams of an earlier version up to date, even with different settings at once', async () => {
    const server = await broker()
    const view = await brokerView(server.url)
    ends.push(() => view.close())
    await view.jsm.streams.add({ name: 'STANDING_FACTS', subjects: ['standing.evt.old.>'], max_msgs: 5 })
    const nodes = await Promise.all([10, 20, 30].map((factMessages) => node(server.url, { limits: { factMessages } }, new Map())))
    await Promise.all(nodes.map(({ bus }) => connected(bus)))
    const { config } = await view.jsm.streams.info('STANDING_FACTS')
    expect(config.subjects).toEqual(['standing.evt.>'])
    expect([10, 20, 30]).toContain(config.max_msgs)
  })
})

describe('credentials', () => {
  const login = 'authorization { user: standing, password: pa55-word }'

  it('of every form are used', async () => {
    const server = await broker({ config: login })
    const inUrl = await node(server.url.replace('nats://', 'nats://standing:pa55-word@'), {}, new Map())
    await connected(inUrl.bus)
    const given = await node(server.url, { user: 'standing', password: 'pa55-word' }, new Map())
    await connected(given.bus)
    const withToken = await broker({ config: 'authorization { token: s3cret-token }' })
    await connected((await node(withToken.url.replace('nats://', 'nats://s3cret-token@'), {}, new Map())).bus)
    await connected((await node(withToken.url, { token: 's3cret-token' }, new Map())).bus)
    const { publicKey, seed } = nkeyUser()
    const withKey = await broker({ config: `authorization { users: [ { nkey: ${publicKey} } ] }` })
    await connected((await node(withKey.url, { nkeySeed: seed }, new Map())).bus)
  })

  it('in a file that cannot be read are told as such, and the file is tried again', async () => {
    const server = await broker()
    const { bus } = await node(server.url, { credsFile: '/nowhere/user.creds' }, new Map())
    await eventually(() => bus.status().problem).toMatch(/ENOENT/)
  })

  it('are in no log and no error, also when they are wrong', async () => {
    const server = await broker({ config: login })
    const log = recordedLog()
    const { bus } = await node(server.url.replace('nats://', 'nats://standing:wr0ng-word@'), { log }, new Map())
    await eventually(() => bus.status().problem).toMatch(/does not accept the credentials/)
    const failure = await bus.sendMail(mail(actor())).catch((error: unknown) => String(error))
    expect(() => natsNode('nats://standing:wr0ng-word@ho st:1', 'standing')).toThrow(/^NATS address 1 must look like/)
    const told = JSON.stringify([log.lines, bus.status().problem, failure])
    expect(told).toContain(`127.0.0.1:${server.port}`)
    expect(told).not.toMatch(/wr0ng|standing:/)
  })
})
