/** One connection of the Pusher protocol against a socket that does what a test says: silence, slowness, the end. */
import { describe, expect, it } from 'vitest'
import { createChannelApps } from '../../../api/channels/app-keys.ts'
import { Connection, type Socket } from '../../../api/channels/connection.ts'
import type { Hub, Listener } from '../../../api/channels/hub.ts'
import { CHANNEL_LIMITS } from '../../../api/channels/limits.ts'

function connected() {
  const sent: { event: string }[] = []
  const ended: number[] = []
  const joined = new Map<string, Listener>()
  const socket = { bufferedAmount: 0, send: (text: string) => void sent.push(JSON.parse(text) as { event: string }), close: (code: number) => void ended.push(code) } satisfies Socket
  const hub: Hub = { join: (channel, listener) => void joined.set(channel, listener), leave: (channel) => void joined.delete(channel), tell: () => undefined, onFirst: () => undefined }
  const clock = { at: 0 }
  const connection = new Connection({ socket, socketId: '1.2', tenant: 'main', hub, apps: createChannelApps('application-key-of-tests'), limits: CHANNEL_LIMITS, now: () => clock.at })
  const pass = (ms: number): void => {
    clock.at += ms
    connection.check()
  }
  return { connection, socket, sent, ended, joined, pass, events: () => sent.map(({ event }) => event) }
}

const subscribe = (channel: string) => JSON.stringify({ event: 'pusher:subscribe', data: { channel } })

describe('a connection', () => {
  it('that falls silent is asked once, and given up when it says nothing', () => {
    const { pass, events, ended, connection } = connected()
    pass(59_000)
    expect(events()).toEqual(['pusher:connection_established'])
    pass(2_000)
    pass(1_000)
    expect(events().slice(1)).toEqual(['pusher:ping'])
    connection.take('{"event":"pusher:pong"}')
    pass(61_000)
    expect(events().slice(2)).toEqual(['pusher:ping'])
    pass(30_000)
    expect([events().at(-1), ended]).toEqual(['pusher:error', [4201]])
  })

  it('that reads too slowly is sent away, and hears nothing more', () => {
    const { connection, socket, joined, ended, sent } = connected()
    connection.take(subscribe('payments'))
    joined.get('payments')?.hear({ channel: 'payments', event: 'PaymentCompleted', text: '{}' })
    expect(ended).toEqual([])
    socket.bufferedAmount = CHANNEL_LIMITS.unsentBytes + 1
    const listener = joined.get('payments')
    listener?.hear({ channel: 'payments', event: 'PaymentCompleted', text: '{}' })
    expect([ended, joined.size]).toEqual([[4100], 0])
    const count = sent.length
    listener?.hear({ channel: 'payments', event: 'PaymentCompleted', text: '{}' })
    expect(sent).toHaveLength(count)
  })

  it('that reads nothing at all is sent away for what it says itself, too', () => {
    for (const said of ['{"event":"pusher:ping"}', subscribe('nowhere'), '{"event":"client-typing"}']) {
      const { connection, socket, ended, sent } = connected()
      socket.bufferedAmount = CHANNEL_LIMITS.unsentBytes + 1
      connection.take(said)
      expect([ended, sent.at(-1)?.event]).toEqual([[4100], 'pusher:error'])
      const count = sent.length
      connection.take(said)
      expect([ended, sent.length]).toEqual([[4100], count])
    }
  })

  it('leaves its channels when it is gone', () => {
    const { connection, joined } = connected()
    for (const channel of ['payments', 'hotspot-users']) connection.take(subscribe(channel))
    expect([...joined.keys()]).toEqual(['payments', 'hotspot-users'])
    connection.closed()
    expect(joined.size).toBe(0)
  })
})
