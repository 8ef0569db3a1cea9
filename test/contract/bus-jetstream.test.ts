import { afterAll, beforeAll } from 'vitest'
import { natsNode, unique } from '../support/bus-world.ts'
import { natsServer, type NatsServer } from '../../sandbox/nats-server.ts'
import { busContract, sharedBusContract, type BusesUnderTest } from './bus.contract.ts'

let server: NatsServer

beforeAll(async () => {
  server = await natsServer()
})

afterAll(() => server.dispose())

/** Streams of its own for each test. */
async function make(): Promise<BusesUnderTest> {
  const prefix = unique('contract')
  return { node: () => natsNode(server.url, prefix).bus, dispose: async () => {} }
}

busContract('JetStream', make)
sharedBusContract('JetStream', make)
