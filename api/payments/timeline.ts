/**
 * Everything that is known of one payment, in the order of time: what the provider told (inbox), what the payment and all that followed
 * from it did (journals), who logged in with what was bought (RADIUS), and which messages went out.
 */
import { derivedId } from '../../actors/derived-id.ts'
import type { ActorView, Address, HistoryEntry, Runtime } from '../../runtime/index.ts'
import type { CredentialsIssuer } from '../ports/credentials.ts'
import type { Traces } from '../ports/traces.ts'
import { lensOf } from '../privacy/lens.ts'
import { maskValue } from '../privacy/mask.ts'
import { paymentContext } from './payment-view.ts'
import { attemptEntry, hookEntry, journalEntry, loginEntries, smsEntry, type Shown, type TimelineEntry } from './timeline-entries.ts'

/** R9: of each source, the newest. */
const ROWS_MAX = 200
/** As many logins as a session has had, and no end of them. */
const VERSIONS_MAX = 20

export interface Timeline {
  data: TimelineEntry[]
  /** False: a source has more than {@link ROWS_MAX} rows, and the oldest of them are left out. */
  isComplete: boolean
}

export interface TimelineParts {
  runtime: Pick<Runtime, 'get' | 'history' | 'definition'>
  traces: Traces
  credentials: CredentialsIssuer
}

interface Part {
  entries: TimelineEntry[]
  isCut: boolean
}

/** @param mayPersonal personal fields unmasked. */
export async function timelineOf({ runtime, traces, credentials }: TimelineParts, payment: ActorView, mayPersonal: boolean): Promise<Timeline> {
  const { tenant, id } = payment
  const shown: Shown = mayPersonal ? (value) => value : (value) => maskValue(value) as typeof value
  // One payment, one session: they share the id.
  const session = await runtime.get({ tenant, type: 'hotspot-session', id })
  const messages = await thoseThatAre(notificationsOf(payment, session))
  const story = [payment, ...(session === undefined ? [] : [session]), ...messages].map(addressOf)
  const parts = await Promise.all([
    ...story.map((address) => journalOf(address)),
    ...subscriptionOf(payment).map((address) => journalOf(address, isAbout(id))),
    part(traces.hooks(tenant, story, ROWS_MAX), (hook) => [hookEntry(hook)]),
    ...(session === undefined ? [] : radiusOf(session, await usernamesOf(session))),
    part(traces.sends(tenant, messages.map((one) => one.id), ROWS_MAX), (sent) => [smsEntry(sent, shown)]),
  ])
  // The sort is stable: steps of one moment stay in the order in which their actor took them.
  const data = parts.flatMap(({ entries }) => entries).sort((a, b) => a.at.localeCompare(b.at))
  return { data, isComplete: !parts.some(({ isCut }) => isCut) }

  async function thoseThatAre(wanted: readonly Address[]): Promise<ActorView[]> {
    return (await Promise.all(wanted.map((address) => runtime.get(address)))).filter((view) => view !== undefined)
  }

  async function journalOf(address: Address, isWanted: (entry: HistoryEntry) => boolean = () => true): Promise<Part> {
    const definition = runtime.definition(address.type)
    const lens = lensOf(definition, mayPersonal)
    return part(runtime.history(address, { limit: ROWS_MAX, order: 'desc' }), (entry) => (isWanted(entry) ? [journalEntry(address, lens.history(entry), definition)] : []))
  }

  function radiusOf(view: ActorView, usernames: readonly string[]): Promise<Part>[] {
    const { type } = view
    return [
      part(traces.attempts(usernames, ROWS_MAX), (attempt) => [attemptEntry(attempt, { type, id }, shown)]),
      part(traces.logins(usernames, ROWS_MAX), (login) => loginEntries(login, { type, id }, shown)),
    ]
  }

  async function usernamesOf(view: ActorView): Promise<string[]> {
    const { credentialVersion } = view.context as { credentialVersion: number }
    const versions = Array.from({ length: Math.min(credentialVersion, VERSIONS_MAX) }, (_, index) => credentialVersion - index)
    return Promise.all(versions.map(async (version) => (await credentials.issue(addressOf(view), version)).username))
  }
}

/** @param rows the newest first. */
async function part<Row>(rows: Promise<readonly Row[]>, entriesOf: (row: Row) => TimelineEntry[]): Promise<Part> {
  const found = await rows
  return { entries: found.toReversed().flatMap(entriesOf), isCut: found.length === ROWS_MAX }
}

/** The login by SMS, each time that it was sent again, and the receipt: their ids follow from the payment's (actors/reactions.ts). */
function notificationsOf({ tenant, id }: ActorView, session: ActorView | undefined): Address[] {
  const resends = (session?.context as { resends?: number } | undefined)?.resends ?? 0
  const purposes = ['credentials', 'receipt', ...Array.from({ length: resends }, (_, index) => `credentials-${index + 1}`)]
  return purposes.map((purpose) => ({ tenant, type: 'notification', id: derivedId(id, purpose) }))
}

function subscriptionOf(payment: ActorView): Address[] {
  const { purpose } = paymentContext(payment)
  return purpose.kind === 'subscription' ? [{ tenant: payment.tenant, type: 'subscription', id: purpose.subscriptionId }] : []
}

/** What a subscription was told of this payment; the rest of its life is another story. */
function isAbout(paymentId: string): (entry: HistoryEntry) => boolean {
  return ({ event }) => event['paymentId'] === paymentId
}

function addressOf({ tenant, type, id }: ActorView): Address {
  return { tenant, type, id }
}
