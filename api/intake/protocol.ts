/** What the thread that takes web hooks and the rest of its node say to each other: plain data, for it is copied from one to the other. */
import type { ValidationAnswer } from '../hooks/daraja-c2b.ts'
import type { EdgeMetrics } from '../metrics.ts'
import type { StoredHook } from '../ports/hook-inbox.ts'

/** What has happened in the thread since it was last told, in the order of each list. */
export interface News {
  /** Durable and answered, not yet processed. */
  stored: StoredHook[]
  received: Parameters<EdgeMetrics['hookReceived']>[]
  answered: Parameters<EdgeMetrics['http']>[]
}

/** Said by the thread. */
export type FromIntake =
  | { kind: 'listening'; address: string }
  | { kind: 'news'; news: News }
  /** May this payer use the paybill? Only who knows the actors can tell. */
  | { kind: 'question'; id: number; body: Uint8Array }

/** Said to the thread. */
export type ToIntake =
  /** Null: nobody could tell. */
  | { kind: 'answer'; id: number; answer: ValidationAnswer | null }
  /** No new requests; it ends when those under way are answered. */
  | { kind: 'stop' }

/** What the thread is started with. */
export interface IntakeSettings {
  databaseUrl: string
  host: string
  port: number
  logLevel: string
  trustedProxies: readonly string[]
  darajaSecret: string
  smsSecret: string
  darajaAllowedIps?: readonly string[] | undefined
  /** `baseUrl`: under which Twilio was told to call; absent: the address of the thread. */
  twilio?: { secret: string; authToken: string; baseUrl?: string | undefined } | undefined
}
