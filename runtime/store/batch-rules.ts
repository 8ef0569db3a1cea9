/**
 * What every store may take for granted of a batch, checked in one place so that both stores refuse the same ones. A batch
 * that breaks a rule is a bug of the engine: it is refused before anything is written.
 */
import { addressKey, type Address } from '../model/address.ts'
import type { ActorCommit, CommitBatch } from '../ports/store.ts'

export class InvalidBatchError extends Error {
  override readonly name = 'InvalidBatchError'
}

/** Event ids are unique per actor only: parked in the place of another actor's, an event would be lost in silence. Nothing was written. */
export class ParkedElsewhereError extends Error {
  override readonly name = 'ParkedElsewhereError'

  constructor(rows: readonly { eventId: string }[]) {
    super(`parked for another actor of the tenant already: one of ${rows.map(({ eventId }) => eventId).join(', ')}`)
  }
}

/** @throws InvalidBatchError */
export function assertBatch(batch: CommitBatch): void {
  const seen = new Set<string>()
  for (const commit of batch.actors) {
    const key = addressKey(commit.next.address)
    if (seen.has(key)) throw new InvalidBatchError(`${key} is in the batch twice`)
    seen.add(key)
    assertSequence(key, commit)
    assertTimers(key, commit)
  }
}

/** R2: `seq` counts journal rows, so the rows of a commit must fill the gap between the two without a hole. */
function assertSequence(key: string, { expectedSeq, next, journal }: ActorCommit): void {
  if (next.seq < 1 || next.seq !== expectedSeq + journal.length) {
    throw new InvalidBatchError(`${key}: ${journal.length} journal rows do not lead from seq ${expectedSeq} to ${next.seq}`)
  }
  let seq = expectedSeq
  for (const row of journal) {
    seq += 1
    if (row.seq !== seq) throw new InvalidBatchError(`${key}: journal row ${row.seq} stands where ${seq} belongs`)
  }
}

/** A statement that deletes and inserts one row at once has no defined order in Postgres. */
function assertTimers(key: string, { timersSet, timersCleared }: ActorCommit): void {
  if (timersSet.length > 1 && new Set(timersSet.map((timer) => timer.id)).size !== timersSet.length) {
    throw new InvalidBatchError(`${key} sets one timer twice`)
  }
  if (timersSet.length === 0 || timersCleared.length === 0) return
  for (const { id } of timersSet) {
    if (timersCleared.includes(id)) throw new InvalidBatchError(`${key} both sets and clears timer ${id}`)
  }
}

/** Event ids that one batch brings twice for one actor; they break R3 without any stored row. */
export function repeatedEvents(batch: CommitBatch): { address: Address; eventId: string }[] {
  const repeated: { address: Address; eventId: string }[] = []
  for (const { next, journal } of batch.actors) {
    if (journal.length < 2) continue
    const seen = new Set<string>()
    for (const { eventId, fresh } of journal) {
      if (fresh) continue
      if (seen.has(eventId)) repeated.push({ address: next.address, eventId })
      seen.add(eventId)
    }
  }
  return repeated
}
