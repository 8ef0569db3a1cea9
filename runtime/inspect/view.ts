/** From stored rows and live state to what callers see. */
import type { CompiledActor } from '../machine/compile.ts'
import type { EffectRow, JournalRow, TimerAction, TimerRow } from '../model/records.ts'
import type { ActorView, EffectView, FactView, HistoryEntry, TimerView } from '../model/view.ts'
import type { ActorState } from '../step/actor-state.ts'
import { acceptedTypes } from './accepts.ts'

export function toIso(ms: number): string {
  return new Date(ms).toISOString()
}

export function actorView(state: ActorState, effects: readonly EffectRow[], at: number): ActorView {
  const { encoded, snapshot, address, hold } = state
  const view: ActorView = {
    type: address.type,
    id: address.id,
    tenant: address.tenant,
    version: state.version,
    seq: state.seq,
    status: hold === null ? encoded.status : 'blocked',
    value: snapshot.value,
    states: encoded.states,
    tags: encoded.tags,
    context: JSON.parse(encoded.context) as unknown,
    timers: timerViews(state.timers.values()),
    effects: effects.map(effectView),
    accepts: acceptedTypes(state, at),
    createdAt: toIso(state.createdAt),
    updatedAt: toIso(state.updatedAt),
  }
  if (encoded.output !== null) view.output = JSON.parse(encoded.output) as unknown
  if (encoded.error !== null) view.error = JSON.parse(encoded.error) as unknown
  if (hold !== null) view.hold = { ...hold, at: toIso(hold.at) }
  return view
}

export function timerViews(timers: Iterable<TimerRow>): TimerView[] {
  return [...timers]
    .sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))
    .map((timer) => ({
      id: timer.id,
      event: (JSON.parse(timer.action) as TimerAction).event.type,
      dueAt: toIso(timer.dueAt),
      armedAt: toIso(timer.armedAt),
    }))
}

export function effectView(row: EffectRow): EffectView {
  return {
    key: row.key,
    name: row.name,
    lane: row.lane,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: row.status === 'failed' ? null : toIso(row.nextAttemptAt),
    lastError: row.lastError === null ? null : withoutStack(JSON.parse(row.lastError) as { name: string; message: string; code?: string; stack?: string }),
  }
}

export function historyEntry(row: JournalRow): HistoryEntry {
  return {
    seq: row.seq,
    at: toIso(row.at),
    event: JSON.parse(row.event) as HistoryEntry['event'],
    eventId: row.eventId,
    outcome: row.outcome,
    from: row.from === null ? null : (JSON.parse(row.from) as unknown),
    to: JSON.parse(row.to) as unknown,
    facts: factViews(row.facts),
    effects: row.effects === null ? [] : (JSON.parse(row.effects) as HistoryEntry['effects']),
    timers: row.timers === null ? [] : (JSON.parse(row.timers) as StoredTimerNote[]).map(timerNote),
    source: row.source,
    correlationId: row.correlationId,
    causationId: row.causationId,
    version: row.version,
  }
}

export function factViews(json: string | null): FactView[] {
  return json === null ? [] : (JSON.parse(json) as FactView[])
}

interface StoredTimerNote {
  id: string
  dueAt?: number
  cancelled?: true
  firedDueAt?: number
  lateMs?: number
  by?: string
  reason?: string
}

function timerNote(note: StoredTimerNote): HistoryEntry['timers'][number] {
  const { dueAt, firedDueAt, ...rest } = note
  return {
    ...rest,
    ...(dueAt === undefined ? {} : { dueAt: toIso(dueAt) }),
    ...(firedDueAt === undefined ? {} : { firedDueAt: toIso(firedDueAt) }),
  }
}

function withoutStack({ stack: _stack, ...error }: { name: string; message: string; code?: string; stack?: string }): { name: string; message: string; code?: string } {
  return error
}

/** What a transition of this machine is called by its author, for the staff's screen. */
export function phraseOfEvent(compiled: CompiledActor, event: string): string | undefined {
  return compiled.definition.words?.events[event]?.staff
}
