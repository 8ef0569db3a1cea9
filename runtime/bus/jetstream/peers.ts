/** Nodes asking each other, by request and reply: nothing of it is stored. */
import { ErrorCode, headers, type Msg, type Subscription } from 'nats'
import type { Json } from '../../model/json.ts'
import { PeerSilentError, PeerUnreachableError, type Peers } from '../../ports/peers.ts'
import { clientErrorCode, inWords } from './errors.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import { atMost } from './pause.ts'
import type { Names } from './subjects.ts'

/** Set on a reply that is none: answering failed. */
const FAILED = 'standing-error'

export function natsPeers(link: Link, names: Names, { log, timing }: Settings): Peers {
  const answering = new Set<Promise<void>>()
  let stopListening = (): void => {}
  let subscription: Subscription | undefined

  return {
    async start(self, answer) {
      link.retain('peers')
      stopListening = link.onSession(({ nc }) => {
        subscription = nc.subscribe(names.node(self), {
          callback: (_error, message) => {
            const answered: Promise<void> = reply(message, answer).finally(() => answering.delete(answered))
            answering.add(answered)
          },
        })
      })
    },
    async stop() {
      stopListening()
      subscription?.unsubscribe()
      await atMost(timing.stopMs, Promise.all(answering))
      await link.release('peers')
    },
    async ask(node, request, timeoutMs) {
      const session = link.session
      if (session === undefined) throw new PeerUnreachableError(`node '${node}' cannot be asked: ${link.problem ?? 'not connected'}`)
      return answerTo(node, await asked(session, names.node(node), node, request, timeoutMs))
    },
    hint(node, request) {
      try {
        link.session?.nc.publish(names.node(node), JSON.stringify(request))
      } catch (error) {
        log.debug({ node, problem: inWords(error) }, 'a hint could not be sent')
      }
    },
  }

  async function reply(message: Msg, answer: (request: Json) => Promise<Json>): Promise<void> {
    try {
      const answered = JSON.stringify(await answer(message.json<Json>()))
      message.respond(answered)
    } catch (error) {
      log.warn({ err: error }, 'a request of another node could not be answered')
      const failed = headers()
      failed.set(FAILED, 'not answered')
      message.respond('', { headers: failed })
    }
  }
}

async function asked({ nc, ended }: Session, subject: string, node: string, request: Json, timeout: number): Promise<Msg> {
  let data: string
  try {
    data = JSON.stringify(request)
    if (ended.aborted) throw new Error('the connection has just ended')
  } catch (error) {
    throw new PeerUnreachableError(`node '${node}' was not asked`, { cause: error })
  }
  try {
    return await nc.request(subject, data, { timeout })
  } catch (error) {
    const code = clientErrorCode(error)
    if (code === ErrorCode.NoResponders) throw new PeerUnreachableError(`no node listens by the name '${node}'`)
    if (code === ErrorCode.MaxPayloadExceeded) throw new PeerUnreachableError(`node '${node}' was not asked: the request is larger than the broker takes`)
    throw new PeerSilentError(`node '${node}' did not answer: ${inWords(error)}`)
  }
}

function answerTo(node: string, message: Msg): Json {
  if (message.headers?.has(FAILED) === true) throw new PeerSilentError(`node '${node}' failed while answering`)
  try {
    return message.json<Json>()
  } catch {
    throw new PeerSilentError(`node '${node}' answered with something that is no JSON`)
  }
}
