/** Who tried to log in to a subscription, with what came of it, and what was used: as support reads it, the newest first. */
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import type { ActorView } from '../../runtime/index.ts'
import { attemptEntry, loginEntries, type Shown, type TimelineEntry } from '../payments/timeline-entries.ts'
import type { Traces } from '../ports/traces.ts'
import { maskValue } from '../privacy/mask.ts'

/** R9: of attempts and of logins each, the newest. */
const ROWS_MAX = 200

export interface SubscriptionLogins {
  data: TimelineEntry[]
  /** False: there are more than {@link ROWS_MAX} of a kind, and the oldest are left out. */
  isComplete: boolean
}

/** @param mayPersonal personal fields unmasked. */
export async function loginsOf(traces: Pick<Traces, 'attempts' | 'logins'>, { type, id, context }: ActorView, mayPersonal: boolean): Promise<SubscriptionLogins> {
  const shown: Shown = mayPersonal ? (value) => value : (value) => maskValue(value) as typeof value
  // Its name stays the same, whatever password is renewed.
  const usernames = [(context as SubscriptionContext).accountNumber]
  const [attempts, logins] = await Promise.all([traces.attempts(usernames, ROWS_MAX), traces.logins(usernames, ROWS_MAX)])
  const entries = [...attempts.map((attempt) => attemptEntry(attempt, { type, id }, shown)), ...logins.flatMap((login) => loginEntries(login, { type, id }, shown).toReversed())]
  return { data: entries.sort((a, b) => b.at.localeCompare(a.at)), isComplete: attempts.length < ROWS_MAX && logins.length < ROWS_MAX }
}
