/**
 * The broker gives a message up after too many deliveries that nobody answered, or when somebody terminates it. The first kind
 * stays in its stream and is never delivered again; the second is gone. The broker tells both, and this reads what it told: such a
 * message becomes a dead letter and is then deleted where it was.
 */
import type { JsMsg, StoredMsg } from 'nats'
import { sharedConsumer, consumerExists } from './consumers.ts'
import { Consumption } from './consumption.ts'
import type { DeadLetters } from './dead-letters.ts'
import { API_ERRORS, apiErrorCode } from './errors.ts'
import { Intake } from './intake.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import type { Names } from './subjects.ts'

interface Advice {
  type: string
  id: string
  stream: string
  consumer: string
  stream_seq: number
  deliveries: number
  reason?: string
}

/** All nodes share this work. */
export function sweepGivenUp(parts: { link: Link; names: Names; settings: Settings; dead: DeadLetters }): Consumption {
  const { link, names, settings, dead } = parts
  const { timing, limits, log, metrics } = settings
  const stream = names.adviceStream
  return new Consumption({
    link,
    stream,
    timing,
    log,
    claim: (session) => sharedConsumer(session, { stream, group: 'sweep', ackWaitMs: timing.ackWaitMs, unacked: limits.unackedMail, deliveries: -1 }),
    intake: (session) =>
      new Intake({
        items: (message) => [{ line: stream, work: () => bury(session, message, dead).then(() => undefined) }],
        atOnce: 1,
        stallsAll: false,
        complete: false,
        retryMs: timing.retryMs,
        retryMaxMs: timing.retryMaxMs,
        onRedelivered: () => metrics.redelivered(stream),
        log,
      }),
  })
}

async function bury(session: Session, message: JsMsg, dead: DeadLetters): Promise<void> {
  const advice = adviceIn(message)
  if (advice === undefined) return
  const { stream, stream_seq: sequence, consumer } = advice
  const isTerminated = advice.type.endsWith('.terminated')
  const reason = isTerminated
    ? `terminated by a reader of '${consumer}'${advice.reason === undefined ? '' : `: ${advice.reason}`}`
    : `given up after ${advice.deliveries} deliveries to '${consumer}' that nobody answered`
  // A later owner made a consumer of its own, which has got the message again.
  if (!isTerminated && !(await consumerExists(session, stream, consumer))) return
  const stored = await storedMessage(session, stream, sequence)
  if (stored === undefined) {
    // Acknowledged after all; or terminated, and then its notice is all that is left of it.
    if (isTerminated) await dead.bury(session, { stream, sequence, subject: stream, key: advice.id, reason, data: '' })
    return
  }
  await dead.bury(session, { stream, sequence, subject: stored.subject, key: `${stream} ${sequence} ${stored.timestamp}`, reason, headers: stored.header, data: stored.data })
  await deleteMessage(session, stream, sequence)
}

function adviceIn(message: JsMsg): Advice | undefined {
  try {
    return message.json<Advice>()
  } catch {
    return undefined
  }
}

async function storedMessage(session: Session, stream: string, seq: number): Promise<StoredMsg | undefined> {
  try {
    return await session.jsm.streams.getMessage(stream, { seq })
  } catch (error) {
    if (apiErrorCode(error) === API_ERRORS.messageNotFound) return undefined
    throw error
  }
}

async function deleteMessage(session: Session, stream: string, sequence: number): Promise<void> {
  try {
    await session.jsm.streams.deleteMessage(stream, sequence, false)
  } catch (error) {
    // Somebody else was quicker.
    if ((await storedMessage(session, stream, sequence)) !== undefined) throw error
  }
}
