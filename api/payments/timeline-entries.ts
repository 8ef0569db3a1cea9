/** One line of a timeline from each kind of record. Pure. */
import type { ActorDefinition, Address, HistoryEntry } from '../../runtime/index.ts'
import type { ActorName, HookTrace, LoginAttempt, LoginTrace, SmsTrace } from '../ports/traces.ts'

export interface TimelineEntry {
  /** RFC 3339 UTC. */
  at: string
  source: 'hook' | 'journal' | 'radius' | 'sms'
  actor: ActorName | null
  /** An event, a kind of web hook, or what RADIUS calls it. */
  what: string
  phrase?: string
  data: Record<string, unknown>
}

/** Leaves as it is, or masks, by the reader's rights. */
export type Shown = <T>(value: T) => T

/** @param entry as the reader may see it. */
export function journalEntry({ type, id }: Address, entry: HistoryEntry, definition: ActorDefinition | undefined): TimelineEntry {
  const { at, seq, event, outcome, from, to, facts, effects, source } = entry
  const phrase = definition?.words?.events[event.type]?.staff
  return { at, source: 'journal', actor: { type, id }, what: event.type, ...(phrase === undefined ? {} : { phrase }), data: { seq, event, outcome, from, to, facts, effects: effects.map(({ name }) => name), sentBy: source } }
}

export function hookEntry({ id, provider, kind, receivedAt, processedAt, actor, ...end }: HookTrace): TimelineEntry {
  return { at: iso(receivedAt), source: 'hook', actor, what: `${provider}.${kind}`, data: { hook: id, ...end, processedAt: processedAt === null ? null : iso(processedAt) } }
}

export function attemptEntry({ at, username, reply, device, reason }: LoginAttempt, session: ActorName, shown: Shown): TimelineEntry {
  return { at: iso(at), source: 'radius', actor: session, what: reply ?? 'Access-Request', data: { username, device: shown(device), ...(reason === null ? {} : { reason }) } }
}

/** Its begin, and its end with what was used. */
export function loginEntries(login: LoginTrace, session: ActorName, shown: Shown): TimelineEntry[] {
  const { username, nasAddress, startedAt, stoppedAt, cause, seconds, uploadBytes, downloadBytes } = login
  const common = { username, nasAddress, device: shown(login.device), framedIp: shown(login.framedIp) }
  const entry = (at: number, what: string, data: Record<string, unknown>): TimelineEntry => ({ at: iso(at), source: 'radius', actor: session, what, data })
  return [
    ...(startedAt === null ? [] : [entry(startedAt, 'Accounting-Start', common)]),
    ...(stoppedAt === null ? [] : [entry(stoppedAt, 'Accounting-Stop', { ...common, cause, seconds, uploadBytes, downloadBytes })]),
  ]
}

export function smsEntry({ at, notificationId, phone, ...sent }: SmsTrace, shown: Shown): TimelineEntry {
  return { at: iso(at), source: 'sms', actor: { type: 'notification', id: notificationId }, what: 'sent', data: { ...sent, phone: shown(phone) } }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
