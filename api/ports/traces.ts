/** What the tables beside the actors know of a customer's purchase. All lists: the newest first. */
import type { HookOutcome } from './hook-inbox.ts'

export interface ActorName {
  type: string
  id: string
}

/** A web hook that was brought to an actor; what came with it is not shown, for it names the payer. */
export interface HookTrace {
  id: string
  provider: string
  kind: string
  receivedAt: number
  processedAt: number | null
  outcome: HookOutcome | null
  note: string | null
  attempts: number
  actor: ActorName
}

export interface LoginAttempt {
  at: number
  username: string
  reply: string | null
  device: string | null
  /** Why it was rejected. */
  reason: string | null
}

export interface LoginTrace {
  username: string
  device: string | null
  nasAddress: string
  framedIp: string | null
  startedAt: number | null
  stoppedAt: number | null
  cause: string | null
  seconds: number | null
  uploadBytes: number
  downloadBytes: number
}

export interface SmsTrace {
  notificationId: string
  phone: string
  template: string
  provider: string
  providerId: string
  segments: number
  /** Decimal text, as the provider says it. */
  cost: string | null
  currency: string | null
  at: number
}

export interface Traces {
  hooks(tenant: string, actors: readonly ActorName[], limit: number): Promise<HookTrace[]>
  attempts(usernames: readonly string[], limit: number): Promise<LoginAttempt[]>
  logins(usernames: readonly string[], limit: number): Promise<LoginTrace[]>
  sends(tenant: string, notificationIds: readonly string[], limit: number): Promise<SmsTrace[]>
}
