/** Consumers at the broker. One that is owned carries the owner's epoch in its name, so that a former owner reads and acknowledges nothing. */
import { AckPolicy, DeliverPolicy, nanos, type ConsumerConfig } from 'nats'
import { API_ERRORS, apiErrorCode, SupersededError } from './errors.ts'
import type { Session } from './link.ts'

export interface ConsumerWanted {
  stream: string
  /** Name without the epoch. */
  group: string
  filter?: string
  ackWaitMs: number
  unacked: number
  deliveries: number
}

const ATTEMPTS = 20

const RACES: readonly number[] = [API_ERRORS.queueTaken, API_ERRORS.filterTaken, API_ERRORS.consumerExists, API_ERRORS.consumerExistsElsewhere]

/**
 * Makes `<group>-<epoch>` anew and deletes those with the same or an earlier epoch: all that is not acknowledged comes again, from
 * the first, in order. Their messages stay; a work queue keeps them until they are acknowledged.
 * @throws SupersededError when there is one with a later epoch.
 */
export async function claimConsumer(session: Session, wanted: ConsumerWanted, epoch: number): Promise<string> {
  const { stream, group } = wanted
  for (let attempt = 1; ; attempt++) {
    const present = (await consumerNames(session, stream)).flatMap((name) => {
      const theirs = epochIn(name, group)
      return theirs === undefined ? [] : [{ name, epoch: theirs }]
    })
    const later = present.find((one) => one.epoch > epoch)
    if (later !== undefined) throw new SupersededError(`${later.name} exists; epoch ${epoch} is over`)
    for (const { name } of present) await deleteConsumer(session, stream, name)
    try {
      const name = `${group}-${epoch}`
      await session.jsm.consumers.add(stream, config(wanted, name))
      return name
    } catch (error) {
      // Somebody made one for the same messages meanwhile; whose epoch is higher, the next look tells.
      if (attempt === ATTEMPTS || !isRace(error)) throw error
    }
  }
}

/** One consumer that all nodes read from. Idempotent. */
export async function sharedConsumer(session: Session, wanted: ConsumerWanted): Promise<string> {
  await session.jsm.consumers.add(wanted.stream, config(wanted, wanted.group))
  return wanted.group
}

export async function consumerExists(session: Session, stream: string, name: string): Promise<boolean> {
  try {
    await session.jsm.consumers.info(stream, name)
    return true
  } catch (error) {
    if (apiErrorCode(error) === API_ERRORS.consumerNotFound) return false
    throw error
  }
}

function config({ filter, ackWaitMs, unacked, deliveries }: ConsumerWanted, name: string): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    ...(filter === undefined ? {} : { filter_subject: filter }),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: unacked,
    max_deliver: deliveries,
  }
}

function epochIn(name: string, group: string): number | undefined {
  const text = name.startsWith(`${group}-`) ? name.slice(group.length + 1) : ''
  return /^\d+$/.test(text) ? Number(text) : undefined
}

function isRace(error: unknown): boolean {
  const code = apiErrorCode(error)
  return code !== undefined && RACES.includes(code)
}

async function deleteConsumer(session: Session, stream: string, name: string): Promise<void> {
  try {
    await session.jsm.consumers.delete(stream, name)
  } catch (error) {
    if (apiErrorCode(error) !== API_ERRORS.consumerNotFound) throw error
  }
}

interface NamesPage {
  error?: { code: number; err_code: number; description: string }
  total: number
  consumers: string[] | null
}

/** The client lists whole descriptions; for 64 slices names are enough. */
async function consumerNames(session: Session, stream: string): Promise<string[]> {
  const names: string[] = []
  for (;;) {
    const answer = await session.nc.request(`$JS.API.CONSUMER.NAMES.${stream}`, JSON.stringify({ offset: names.length }), { timeout: session.answerMs })
    const page = answer.json<NamesPage>()
    if (page.error !== undefined) throw Object.assign(new Error(page.error.description), { api_error: page.error })
    const found = page.consumers ?? []
    names.push(...found)
    if (found.length === 0 || names.length >= page.total) return names
  }
}
