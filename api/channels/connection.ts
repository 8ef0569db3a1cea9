/** One client of the Pusher Channels protocol: what it may hear, and that it is still there. */
import type { ChannelApps } from './app-keys.ts'
import type { Hub, Listener } from './hub.ts'
import type { ChannelLimits } from './limits.ts'
import { parseChannel } from './names.ts'
import { CODES, errorFrame, frame, readMessage, subscriptionErrorFrame } from './protocol.ts'
import type { Told } from './telling.ts'

/** The part of a WebSocket that is used. */
export interface Socket {
  send(text: string): void
  close(code: number, reason: string): void
  readonly bufferedAmount: number
}

export interface ConnectionParts {
  socket: Socket
  socketId: string
  tenant: string
  hub: Hub
  apps: ChannelApps
  limits: ChannelLimits
  now: () => number
}

/** Laravel Echo puts this before an event's name unless it is told of another namespace. */
const ECHO_NAMESPACE = 'App\\Events\\'
const PLAIN_NAME = /^[A-Z][A-Za-z]*$/

export class Connection implements Listener {
  readonly tenant: string
  readonly #parts: ConnectionParts
  /** With the key that each was signed by, if one was. */
  readonly #channels = new Map<string, string | null>()
  #heardAt: number
  #isAsked = false
  #isOver = false
  #messages = { second: 0, count: 0 }

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.tenant = parts.tenant
    this.#heardAt = parts.now()
    this.#send(frame('pusher:connection_established', JSON.stringify({ socket_id: parts.socketId, activity_timeout: Math.round(parts.limits.activityMs / 1_000) })))
  }

  /** What the client said. */
  take(text: string): void {
    this.#heardAt = this.#parts.now()
    this.#isAsked = false
    if (this.#isFlooding()) return this.end(CODES.overCapacity, 'Too many messages.')
    const message = readMessage(text)
    switch (message.kind) {
      case 'ping':
        return this.#send(frame('pusher:pong', '{}'))
      case 'subscribe':
        return this.#subscribe(message.channel, message.auth)
      case 'unsubscribe':
        if (this.#channels.delete(message.channel)) this.#parts.hub.leave(message.channel, this)
        return
      case 'client-event':
        return this.#send(errorFrame({ code: CODES.clientEventRefused, message: 'Events of clients are not passed on.' }))
      case 'pong':
      case 'unknown':
        return
    }
  }

  hear({ channel, event, text }: Told): void {
    this.#send(frame(event, text, channel))
    if (PLAIN_NAME.test(event)) this.#send(frame(ECHO_NAMESPACE + event, text, channel))
  }

  /** Called now and then: asks a silent client whether it is there, and gives it up when it says nothing. */
  check(): void {
    const { limits, now } = this.#parts
    const silentMs = now() - this.#heardAt
    if (silentMs > limits.activityMs + 2 * limits.pongMs) return this.end(CODES.pongMissing, 'No answer to a ping.')
    if (silentMs > limits.activityMs + limits.pongMs && !this.#isAsked) {
      this.#isAsked = true
      this.#send(frame('pusher:ping', '{}'))
    }
  }

  /** The keys that it listens by. */
  keyIds(): ReadonlySet<string> {
    return new Set([...this.#channels.values()].filter((keyId) => keyId !== null))
  }

  end(code: number, message: string): void {
    if (this.#isOver) return
    this.#parts.socket.send(errorFrame({ code, message }))
    this.closed()
    // A client that takes nothing does not take this either: the socket is given up when no answer comes.
    this.#parts.socket.close(code, message)
  }

  /** The socket is gone. */
  closed(): void {
    this.#isOver = true
    for (const channel of this.#channels.keys()) this.#parts.hub.leave(channel, this)
    this.#channels.clear()
  }

  #subscribe(name: string, auth: string | undefined): void {
    const { hub, apps, limits, socketId } = this.#parts
    const channel = parseChannel(name)
    if (channel === undefined) return this.#send(subscriptionErrorFrame(name, { type: 'NotFound', error: 'There is no channel of this name.', status: 404 }))
    const signed = auth === undefined ? undefined : apps.signedFor(this.tenant, socketId, name, auth)
    if (channel.kind !== 'public' && signed === undefined) {
      this.#send(errorFrame({ code: CODES.unauthorized, message: `The connection is not authorised for ${name}.` }))
      return this.#send(subscriptionErrorFrame(name, { type: 'AuthError', error: 'The signature is missing or wrong.', status: 401 }))
    }
    if (!this.#channels.has(name) && this.#channels.size >= limits.channelsPerConnection) {
      return this.#send(subscriptionErrorFrame(name, { type: 'LimitReached', error: `A connection has ${limits.channelsPerConnection} channels at most.`, status: 429 }))
    }
    this.#channels.set(name, signed?.keyId ?? null)
    // The answer first: nothing of the channel may come before it.
    this.#send(frame('pusher_internal:subscription_succeeded', '{}', name))
    hub.join(name, this)
  }

  #isFlooding(): boolean {
    const second = Math.floor(this.#parts.now() / 1_000)
    this.#messages = second === this.#messages.second ? { second, count: this.#messages.count + 1 } : { second, count: 1 }
    return this.#messages.count > this.#parts.limits.messagesPerSecond
  }

  #send(text: string): void {
    if (this.#isOver) return
    const { socket, limits } = this.#parts
    socket.send(text)
    // R9: what a slow client has not taken is kept up to here, whatever it is. It comes back and asks for what counts.
    if (socket.bufferedAmount > limits.unsentBytes) this.end(CODES.overCapacity, 'Too slow: reading does not keep up with what is told.')
  }
}
