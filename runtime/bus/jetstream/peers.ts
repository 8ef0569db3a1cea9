/** Nodes asking each other over the broker: nothing of it is stored. */
import type { Msg, Subscription } from 'nats'
import type { Json } from '../../model/json.ts'
import { PeerUnreachableError, type Peers } from '../../ports/peers.ts'
import { inWords } from './errors.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import { atMost } from './pause.ts'
import { inMessages, Questions, roomOf } from './questions.ts'
import type { Names } from './subjects.ts'

export function natsPeers(link: Link, names: Names, { log, timing }: Settings): Peers {
  const answering = new Set<Promise<void>>()
  let stopListening = (): void => {}
  let subscription: Subscription | undefined
  let questions: { session: Session; asked: Questions } | undefined

  return {
    async start(self, answer) {
      link.retain('peers')
      stopListening = link.onSession(({ nc }) => {
        subscription = nc.subscribe(names.node(self), { callback: (_error, message) => take(message, answer) })
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
      if (questions?.session !== session) questions = { session, asked: new Questions(session, (name) => names.node(name)) }
      return questions.asked.ask(node, request, timeoutMs)
    },
    hint(node, request) {
      try {
        link.session?.nc.publish(names.node(node), JSON.stringify(request))
      } catch (error) {
        log.debug({ node, problem: inWords(error) }, 'a hint could not be sent')
      }
    },
  }

  function take(message: Msg, answer: (request: Json) => Promise<Json>): void {
    const done: Promise<void> = answered(message, answer)
      .catch((error: unknown) => log.warn({ err: error }, 'a message of another node could not be understood'))
      .finally(() => answering.delete(done))
    answering.add(done)
  }

  /** A hint wants no answer; questions come many at once, and each is answered when it is ready. */
  async function answered(message: Msg, answer: (request: Json) => Promise<Json>): Promise<void> {
    if (message.reply === undefined || message.reply === '') return void (await answer(message.json<Json>()))
    const room = roomOf(link.session)
    let ready: { json: string }[] = []
    const flush = (): void => {
      const answers = ready
      ready = []
      try {
        for (const together of inMessages(answers, room)) message.respond(`[${together.map(({ json }) => json).join(',')}]`)
      } catch (error) {
        // The connection is gone, and whoever asked knows.
        log.debug({ problem: inWords(error) }, 'answers to another node could not be sent')
      }
    }
    const add = (json: string): void => {
      if (ready.push({ json }) === 1) setImmediate(flush)
    }
    await Promise.all(
      message.json<Json[]>().map(async (request, position) => {
        try {
          const json = `[${position},${JSON.stringify(await answer(request))}]`
          if (Buffer.byteLength(json) > room) throw new Error('the answer is larger than the broker takes')
          add(json)
        } catch (error) {
          log.warn({ err: error }, 'a question of another node could not be answered')
          add(`[${position}]`)
        }
      }),
    )
    flush()
  }
}
