/** Disconnect and CoA over UDP: the same bytes again until an authentic answer comes, as RFC 5176 (2.3) and RFC 5080 want it. */
import { createSocket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { silenceMemory } from '../silence.ts'
import { readReply, requestPacket, type ReplyParts, type RequestCode } from './packet.ts'
import type { AuthorizationAttributes, Nas, NasAnswer, NasSession, RadiusGateway } from './port.ts'

export interface RadiusClientOptions {
  /** Waits after each time it is sent. Default 1, 2 and 3 seconds: routers behind slow links take a while. */
  waitsMs?: readonly number[]
}

const PORT = 3_799
const SESSION_NOT_FOUND = 503
const WAITS_MS = [1_000, 2_000, 3_000]

export function createRadiusClient({ waitsMs = WAITS_MS }: RadiusClientOptions = {}): RadiusGateway {
  const waitedMs = waitsMs.reduce((sum, wait) => sum + wait, 0)
  const silence = silenceMemory()

  async function ask(code: RequestCode, nas: Nas, attributes: AuthorizationAttributes, signal: AbortSignal | undefined): Promise<NasAnswer> {
    const who = `${nas.host}:${nas.port ?? PORT}`
    if (silence.isSilent(who)) return { outcome: 'unreachable', isSpared: true }
    const request = requestPacket({ code, identifier: randomInt(256), attributes, secret: nas.secret })
    const reply = await exchange(nas, request, waitsMs, signal)
    if (reply === undefined) {
      silence.fellSilent(who, waitedMs)
      return { outcome: 'unreachable' }
    }
    silence.answered(who)
    return answerOf(reply)
  }

  return {
    disconnect: (nas, session, { signal } = {}) => ask('Disconnect-Request', nas, keysOf(session), signal),
    changeAuthorization: (nas, session, attributes, { signal } = {}) => ask('CoA-Request', nas, { ...keysOf(session), ...attributes }, signal),
  }
}

function keysOf({ username, acctSessionId, framedIp }: NasSession): AuthorizationAttributes {
  return { 'User-Name': username, 'Acct-Session-Id': acctSessionId, ...(framedIp == null ? {} : { 'Framed-IP-Address': framedIp }) }
}

function answerOf({ code, errorCause }: ReplyParts): NasAnswer {
  if (code.endsWith('-ACK')) return { outcome: 'done' }
  return { outcome: errorCause === SESSION_NOT_FOUND ? 'gone' : 'refused', ...(errorCause === undefined ? {} : { errorCause }) }
}

/**
 * Undefined: nobody answered, nobody can be there, or what came was forged. A socket of its own, so that its port tells our
 * requests apart and no number of them can run out.
 */
function exchange({ host, port = PORT, secret }: Nas, request: Buffer, waitsMs: readonly number[], signal: AbortSignal | undefined): Promise<ReplyParts | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    let timer: NodeJS.Timeout | undefined
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.removeAllListeners()
      socket.on('error', () => undefined)
      socket.close()
      settle()
    }
    const abort = (): void => end(() => reject(signal?.reason as Error))
    const send = (turn: number): void => {
      const wait = waitsMs[turn]
      if (wait === undefined) {
        end(() => resolve(undefined))
        return
      }
      socket.send(request, port, host, (error) => void (error === null ? undefined : end(() => resolve(undefined))))
      timer = setTimeout(() => send(turn + 1), wait)
    }
    if (signal?.aborted === true) {
      abort()
      return
    }
    signal?.addEventListener('abort', abort, { once: true })
    socket.on('error', () => end(() => resolve(undefined)))
    socket.on('message', (packet) => {
      const reply = readReply(packet, request, secret)
      if (reply !== undefined) end(() => resolve(reply))
    })
    send(0)
  })
}
