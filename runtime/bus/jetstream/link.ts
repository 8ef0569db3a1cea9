/**
 * The one connection. It is looked for until nobody needs it any more, and each time it is found everything on it is built anew
 * (a session): subscriptions, publishes under way and consumers of an earlier connection tell nothing about the present one.
 * That is why the client's own reconnecting is off.
 */
import { connect, type JetStreamClient, type JetStreamManager, type NatsConnection } from 'nats'
import { BrokerError, inWords } from './errors.ts'
import type { Login } from './login.ts'
import type { Settings } from './options.ts'
import { atMost, orAborted, pause, widelyHeard } from './pause.ts'
import { Publisher } from './publisher.ts'

export interface Session {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly publisher: Publisher
  /** How long a call of the broker's API may take. */
  readonly answerMs: number
  /** Aborted when the connection is gone. */
  readonly ended: AbortSignal
  /** Gives the connection up, so that all is built anew: what it was built on is not there any more. */
  fail(reason: string): void
}

export interface LinkParts {
  settings: Settings
  logins: readonly Login[]
  clientName: string
  /** Makes what every session needs (the streams) before it counts as ready. */
  prepare: (session: Session) => Promise<void>
}

export class Link {
  readonly #parts: LinkParts
  readonly #users = new Set<string>()
  readonly #sessionListeners = new Set<(session: Session) => void>()
  readonly #readyListeners = new Set<() => void>()
  #life: { abort: AbortController; over: Promise<void> } | undefined
  #session: Session | undefined
  #isReady = false
  #problem: string | undefined = 'the connection to the broker is not started'
  #turn = 0

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  /** Why mail and facts cannot travel now. */
  get problem(): string | undefined {
    return this.#isReady ? undefined : this.#problem
  }

  /** Connected; the streams may not be there yet. */
  get session(): Session | undefined {
    return this.#session
  }

  /** @throws BrokerError when mail and facts cannot travel now. */
  readySession(): Session {
    if (this.#session === undefined || !this.#isReady) throw new BrokerError('away', `the broker is away: ${this.#problem ?? 'connecting'}`)
    return this.#session
  }

  /** Resolves with undefined when the signal ends it. */
  async ready(signal: AbortSignal): Promise<Session | undefined> {
    while (!signal.aborted) {
      if (this.#session !== undefined && this.#isReady) return this.#session
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#readyListeners.delete(done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#readyListeners.add(done)
        signal.addEventListener('abort', done)
      })
    }
    return undefined
  }

  /** Called for the session there is, and for each later one. */
  onSession(listener: (session: Session) => void): () => void {
    this.#sessionListeners.add(listener)
    if (this.#session !== undefined) listener(this.#session)
    return () => void this.#sessionListeners.delete(listener)
  }

  /** From the first user on there is a connection, or somebody looking for it. */
  retain(user: string): void {
    this.#users.add(user)
    if (this.#life !== undefined) return
    const abort = new AbortController()
    this.#life = { abort, over: this.#run(abort.signal) }
  }

  /** With the last user the connection goes. */
  async release(user: string): Promise<void> {
    this.#users.delete(user)
    const life = this.#life
    if (life === undefined || this.#users.size > 0) return
    this.#life = undefined
    life.abort.abort()
    await life.over
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const nc = await this.#connect(signal)
      if (nc === undefined) {
        await pause(this.#patience(failures++), signal)
        continue
      }
      const wasReady = await this.#attend(nc, signal).catch(async (error: unknown) => {
        // It was gone before everything on it was built.
        this.#fails(inWords(error))
        await nc.close().catch(() => undefined)
        return false
      })
      failures = wasReady ? 0 : failures + 1
      await pause(this.#patience(failures), signal)
    }
    this.#problem = 'the connection to the broker is stopped'
  }

  /** Grows with failures; and nodes that lost a broker together shall not all come back in the same instant. */
  #patience(failures: number): number {
    return this.#parts.settings.timing.reconnectMs * 2 ** Math.min(failures, 3) * (0.75 + Math.random() / 2)
  }

  /** One attempt, at the next of the servers in turn. */
  async #connect(signal: AbortSignal): Promise<NatsConnection | undefined> {
    const { logins, clientName, settings } = this.#parts
    const login = logins[this.#turn++ % logins.length]
    if (login === undefined) return undefined
    try {
      const connecting = connect({
        ...login.connectOptions(),
        name: clientName,
        reconnect: false,
        timeout: settings.timing.connectMs,
        pingInterval: settings.timing.pingMs,
        maxPingOut: 2,
        noAsyncTraces: true,
      })
      const nc = await orAborted(signal, connecting)
      if (!signal.aborted) return nc
      void connecting.then((nc) => nc.close(), () => undefined)
    } catch (error) {
      this.#fails(`${login.where}: ${inWords(error)}`)
    }
    return undefined
  }

  /** Until the connection is gone. True when it was of use. */
  async #attend(nc: NatsConnection, signal: AbortSignal): Promise<boolean> {
    const { log, timing } = this.#parts.settings
    const ending = widelyHeard()
    const session = await this.#sessionOn(nc, ending.signal)
    const close = (): void => void flushed(nc).then(() => nc.close())
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()
    let wasReady = false
    try {
      this.#session = session
      for (const listener of this.#sessionListeners) listener(session)
      void this.#prepare(session, ending.signal).then((isReady) => (wasReady = isReady))
      await nc.closed()
    } finally {
      signal.removeEventListener('abort', close)
      this.#session = undefined
      this.#isReady = false
      ending.abort()
      session.publisher.end()
      if (!signal.aborted) {
        this.#problem = 'the connection was lost'
        log.warn({ retryMs: timing.reconnectMs }, 'the connection to the broker is gone; looking for it')
      }
    }
    return wasReady
  }

  async #sessionOn(nc: NatsConnection, ended: AbortSignal): Promise<Session> {
    const { log, timing, limits } = this.#parts.settings
    const fail = (reason: string): void => {
      if (ended.aborted) return
      log.warn({ reason }, 'the connection to the broker is made anew')
      this.#isReady = false
      this.#problem = reason
      void nc.close()
    }
    const options = { timeout: timing.answerMs }
    const jsm = await nc.jetstreamManager({ ...options, checkAPI: false })
    const publisher = new Publisher(nc, { answerMs: timing.answerMs, unacked: limits.unackedPublishes, onGone: () => fail('a stream is gone') })
    return { nc, js: nc.jetstream(options), jsm, publisher, answerMs: timing.answerMs, ended, fail }
  }

  async #prepare(session: Session, ended: AbortSignal): Promise<boolean> {
    const { prepare, settings } = this.#parts
    for (let failures = 0; !ended.aborted; failures++) {
      try {
        await prepare(session)
        if (ended.aborted) return false
        this.#isReady = true
        this.#problem = undefined
        settings.log.info({ server: session.nc.info?.version }, 'the bus is connected')
        for (const listener of [...this.#readyListeners]) listener()
        return true
      } catch (error) {
        if (ended.aborted) return false
        this.#fails(`the streams could not be made: ${inWords(error)}`)
        await pause(settings.timing.reconnectMs * 2 ** Math.min(failures, 3), ended)
      }
    }
    return false
  }

  /** Logged once for a reason that stays the same. */
  #fails(problem: string): void {
    if (problem !== this.#problem) this.#parts.settings.log.warn({ problem }, 'the broker is away; looking for it')
    this.#problem = problem
  }
}

/** What has been acknowledged shall arrive; but a broker that is gone must not hold up the end. */
function flushed(nc: NatsConnection): Promise<void> {
  return atMost(1_000, nc.flush().catch(() => undefined))
}
