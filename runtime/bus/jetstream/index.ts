/**
 * The bus over NATS JetStream, for any number of nodes, on one connection. The only place that knows NATS (with its neighbours here).
 *
 * Streams (made by whoever comes first): mail between actors, facts, commands of integrations, dead letters, and what the broker tells
 * about messages it gave up. Everything works with nats-server 2.9.10. Starting never fails because the broker is away.
 *
 * link.ts          the connection, looked for until stopped; a session for each time it is found
 * publisher.ts     publishes with acknowledgements, many at once
 * mail-out.ts      mail to the stream, batched per slice; mail-in.ts mail of owned slices to the receiver
 * consumption.ts   reads one consumer whatever happens; intake.ts works on what it delivers, in order
 * facts.ts         facts as CloudEvents; fact-feed.ts reads all nodes' facts; peers.ts nodes asking nodes
 * commands.ts      commands and micro-service.ts calls of integrations
 * dead-letters.ts  what cannot be understood; given-up.ts what the broker gave up
 */
import type { Bus } from '../../ports/bus.ts'
import type { Integrations } from '../../ports/commands.ts'
import type { Peers } from '../../ports/peers.ts'
import { Commands } from './commands.ts'
import type { Consumption } from './consumption.ts'
import { DeadLetters } from './dead-letters.ts'
import { FactFeed } from './fact-feed.ts'
import { Facts } from './facts.ts'
import { sweepGivenUp } from './given-up.ts'
import { Link } from './link.ts'
import { logins } from './login.ts'
import { MailIn } from './mail-in.ts'
import { MailOut } from './mail-out.ts'
import { MicroService } from './micro-service.ts'
import { resolveOptions, type JetStreamBusOptions } from './options.ts'
import { atMost } from './pause.ts'
import { natsPeers } from './peers.ts'
import { ensureStreams, wantedStreams } from './streams.ts'
import { namesFor } from './subjects.ts'
import { WaitingMail } from './waiting-mail.ts'

export type { JetStreamBusOptions } from './options.ts'

/** Parts that share a connection; it lasts while any of them is started. */
export interface JetStreamBus {
  bus: Bus
  peers: Peers
  integrations: Integrations
}

/** @throws Error when an option cannot be understood; the message holds no credential. */
export function jetStreamBus(options: JetStreamBusOptions): JetStreamBus {
  const settings = resolveOptions(options)
  const names = namesFor(settings.prefix)
  const streams = wantedStreams(names, settings)
  const link = new Link({
    settings,
    logins: logins(options),
    clientName: options.clientName ?? settings.prefix,
    prepare: ({ jsm }) => ensureStreams(jsm, streams),
  })
  const shared = { link, names, settings, dead: new DeadLetters(names, settings.metrics) }
  const commands = new Commands(shared)
  return { bus: natsBus(shared, commands), peers: natsPeers(link, names, settings), integrations: natsIntegrations(shared, commands) }
}

type Shared = ConstructorParameters<typeof Commands>[0]

function natsBus(shared: Shared, commands: Commands): Bus {
  const { link, names, settings } = shared
  const mailOut = new MailOut(link, names, settings)
  const facts = new Facts(link, names, settings)
  const feed = new FactFeed(link, names, settings)
  let owned: ReadonlyMap<number, number> = new Map()
  let running: { mailIn: MailIn; waiting: WaitingMail; sweep: Consumption } | undefined

  return {
    feed,
    async start(receiver) {
      link.retain('bus')
      running = {
        mailIn: new MailIn({ ...shared, receiver }),
        waiting: new WaitingMail(link, names, settings.timing.countMs, settings.log),
        sweep: sweepGivenUp(shared),
      }
      running.waiting.start()
      feed.start()
      await running.mailIn.own(owned)
    },
    async stop() {
      owned = new Map()
      const { mailIn, waiting, sweep } = running ?? {}
      running = undefined
      await atMost(settings.timing.stopMs, Promise.all([mailIn?.own(owned), commands.own(owned), waiting?.stop(), sweep?.end(), feed.stop()]))
      await link.release('bus')
    },
    async own(slices) {
      owned = new Map(slices)
      await Promise.all([running?.mailIn.own(owned), commands.own(owned)])
    },
    sendMail: (mail) => mailOut.send(mail),
    publishFact: (fact) => facts.publish(fact),
    onFact: (listener) => facts.listen(listener),
    status() {
      const { problem } = link
      const waitingMail = running?.waiting.of(owned.keys()) ?? new Map<number, number>()
      return problem === undefined ? { isConnected: true, waitingMail } : { isConnected: false, problem, waitingMail }
    },
  }
}

function natsIntegrations(shared: Shared, commands: Commands): Integrations {
  const { link, names, settings } = shared
  const service = new MicroService(link, names, settings)
  return {
    async start(edge) {
      link.retain('integrations')
      commands.start(edge)
      service.start(edge)
    },
    async stop() {
      await atMost(settings.timing.stopMs, Promise.all([commands.stop(), service.stop()]))
      await link.release('integrations')
    },
  }
}
