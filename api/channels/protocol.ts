/**
 * Frames of the Pusher Channels protocol, version 7
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/), and the codes with which it closes:
 * 4000-4099 do not come back, 4100-4199 come back after a while, 4200-4299 come back at once.
 */
import { z } from 'zod'

export const CODES = {
  appUnknown: 4001,
  versionInvalid: 4006,
  versionUnsupported: 4007,
  versionMissing: 4008,
  unauthorized: 4009,
  overCapacity: 4100,
  comeBack: 4200,
  pongMissing: 4201,
  clientEventRefused: 4301,
} as const

/** Versions that differ from 7 in nothing that we say. */
const VERSIONS: readonly string[] = ['5', '6', '7']

export interface Refusal {
  code: number
  message: string
}

/** Why a connection cannot be had with this version; undefined when it can. */
export function refusalOfVersion(version: string | undefined): Refusal | undefined {
  if (version === undefined || version === '') return { code: CODES.versionMissing, message: 'No protocol version was supplied.' }
  if (!/^\d+$/.test(version)) return { code: CODES.versionInvalid, message: 'The protocol version is no number.' }
  return VERSIONS.includes(version) ? undefined : { code: CODES.versionUnsupported, message: 'Only version 7 of the protocol is spoken here.' }
}

/** Text of data goes into a frame as a text once more: that is the protocol. */
export function frame(event: string, dataText: string, channel?: string): string {
  return JSON.stringify(channel === undefined ? { event, data: dataText } : { event, channel, data: dataText })
}

export function errorFrame({ code, message }: Refusal): string {
  return JSON.stringify({ event: 'pusher:error', data: { code, message } })
}

/** As pusher-js hands it to a channel's error handlers. */
export function subscriptionErrorFrame(channel: string, error: { type: 'AuthError' | 'LimitReached' | 'NotFound'; error: string; status: number }): string {
  return JSON.stringify({ event: 'pusher:subscription_error', channel, data: error })
}

const message = z.object({ event: z.string().max(200), channel: z.string().max(200).optional(), data: z.unknown().optional() })
const subscription = z.object({ channel: z.string().max(200), auth: z.string().max(300).optional() })

export type ClientMessage =
  | { kind: 'ping' | 'pong' }
  | { kind: 'subscribe'; channel: string; auth: string | undefined }
  | { kind: 'unsubscribe'; channel: string }
  | { kind: 'client-event' }
  | { kind: 'unknown' }

/** What a client said; what is not of the protocol is `unknown`. */
export function readMessage(text: string): ClientMessage {
  const parsed = message.safeParse(jsonOf(text))
  if (!parsed.success) return { kind: 'unknown' }
  const { event, data } = parsed.data
  if (event === 'pusher:ping') return { kind: 'ping' }
  if (event === 'pusher:pong') return { kind: 'pong' }
  if (event.startsWith('client-')) return { kind: 'client-event' }
  // Some clients send their data as a text, as the server does.
  const about = subscription.safeParse(typeof data === 'string' ? jsonOf(data) : data)
  if (event === 'pusher:subscribe' && about.success) return { kind: 'subscribe', channel: about.data.channel, auth: about.data.auth }
  if (event === 'pusher:unsubscribe' && about.success) return { kind: 'unsubscribe', channel: about.data.channel }
  return { kind: 'unknown' }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
