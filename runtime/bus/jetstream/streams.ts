/**
 * The streams, made or brought up to date. Only what nats-server 2.9.10 knows: an older server ignores fields it does not know and
 * would give something else than was asked for, so newer ones need a look at its version first.
 */
import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from 'nats'
import { API_ERRORS, apiErrorCode } from './errors.ts'
import type { Settings } from './options.ts'
import type { Names } from './subjects.ts'

type Wanted = Partial<StreamConfig> & { name: string; subjects: string[]; retention: RetentionPolicy }

export function wantedStreams(names: Names, { limits, replicas }: Settings): Wanted[] {
  const kept = { storage: StorageType.File, num_replicas: replicas }
  // Full means: refuse the new, which then waits with its sender. Throwing away the old would lose it.
  const queue = { ...kept, retention: RetentionPolicy.Workqueue, discard: DiscardPolicy.New }
  return [
    { ...queue, name: names.mailStream, subjects: [names.allMail], max_msgs: limits.mailMessages },
    { ...queue, name: names.commandStream, subjects: [names.allCommands], max_msgs: limits.commandMessages },
    {
      ...kept,
      name: names.factStream,
      subjects: [names.allFacts],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_msgs: limits.factMessages,
      max_age: nanos(limits.factAgeMs),
    },
    { ...kept, name: names.deadStream, subjects: [names.allDead], retention: RetentionPolicy.Limits, discard: DiscardPolicy.New, max_msgs: limits.deadMessages },
    {
      ...kept,
      name: names.adviceStream,
      // Advice is a plain message that is gone when nobody listens; a stream listens always.
      subjects: [names.mailStream, names.commandStream].flatMap((stream) =>
        ['MAX_DELIVERIES', 'MSG_TERMINATED'].map((kind) => `$JS.EVENT.ADVISORY.CONSUMER.${kind}.${stream}.>`),
      ),
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.Old,
      max_msgs: limits.deadMessages,
    },
  ]
}

/** Idempotent; several nodes may do it at once. */
export async function ensureStreams(jsm: JetStreamManager, wanted: readonly Wanted[]): Promise<void> {
  for (const one of wanted) await ensureStream(jsm, one)
}

async function ensureStream(jsm: JetStreamManager, wanted: Wanted): Promise<void> {
  const present = await configOf(jsm, wanted.name)
  if (present === undefined) {
    try {
      await jsm.streams.add(wanted)
      return
    } catch (error) {
      // Another node was quicker, with another configuration; see what differs.
      if (apiErrorCode(error) !== API_ERRORS.streamExists) throw error
      return ensureStream(jsm, wanted)
    }
  }
  if (differs(present, wanted)) await jsm.streams.update(wanted.name, wanted)
}

async function configOf(jsm: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config
  } catch (error) {
    if (apiErrorCode(error) === API_ERRORS.streamNotFound) return undefined
    throw error
  }
}

function differs(present: StreamConfig, wanted: Wanted): boolean {
  return Object.entries(wanted).some(([key, value]) => JSON.stringify(present[key as keyof StreamConfig]) !== JSON.stringify(value))
}
