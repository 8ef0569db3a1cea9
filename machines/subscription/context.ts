/** What a subscription remembers: plain JSON, times in milliseconds since the epoch, money in minor units of the plan's currency. */
import type { Login } from '../accounting.ts'
import type { SubscriptionPlan } from '../plan.ts'
import type { SubscriptionInput } from './events.ts'

/** Time that was bought (or given, at price 0), one after the other. */
export interface PaidTerm {
  from: number
  to: number
  price: number
  planId: string
  /** Bought under the change that is still to come. */
  isNext?: true
  /** Its data counts from then on already, before its time begins (S17). */
  dataFrom?: number
}

export interface Debt {
  id: string
  /** What is left of it. */
  amount: number
  reason: string
  at: number
}

export interface TakenPayment {
  id: string
  amount: number
  receipt: string | null
  at: number
  /** How much of it went back. */
  revoked: number
}

export interface Block {
  reason: string
  since: number
  /** Lifts itself then; null: somebody must. */
  until: number | null
}

export interface ScheduledChange {
  plan: SubscriptionPlan
  at: number
  /** `term-end` moves along when staff move the end of the paid time. */
  when: 'term-end' | 'date'
  agreedAt: number
}

/** What the RADIUS rows and the routers shall grant: `throttled` in grace, `slowed` when the data is used up. */
export type Access =
  | { level: 'none' }
  | { level: 'full' | 'slowed' | 'throttled'; uploadKbps: number | null; downloadKbps: number | null; until: number }

export interface Usage {
  /** Logins under way. */
  online: Login[]
  /** Over all logins of all terms. */
  uploadBytes: number
  downloadBytes: number
  logins: number
  /** Of the newest accounting that was taken. */
  revision: number
  at: number | null
  /** The term whose data is counted, by its beginning; null: none yet. */
  termFrom: number | null
  /** All that was used before that term. */
  before: number
}

export interface SubscriptionContext extends SubscriptionInput {
  createdAt: number
  /** The first time that access was paid for. */
  startedAt: number | null
  /** End of the paid time; null before the first. */
  expiresAt: number | null
  /** Not over yet, in order, without gaps. */
  terms: PaidTerm[]
  /** Calendar months are counted from here, so that a 31st comes back after February. Null: from the next term on. */
  months: { anchor: number; count: number } | null
  credit: number
  /** Oldest first. While there are any the credit is 0. */
  debts: Debt[]
  /** The newest; all are in the journal. */
  payments: TakenPayment[]
  coverage: 'none' | 'paid' | 'grace'
  /** Since the last paid term, which alone earns another: true before the first. */
  graceUsed: boolean
  graceEndsAt: number | null
  blocks: Record<string, Block>
  change: ScheduledChange | null
  reminders: {
    /** Distances that are told, or are not to be told, for the present end of the paid time. */
    told: number[]
    /** Reminders that were due by then are not told: the customer has just paid. */
    notBefore: number
  }
  /** The moments that timers were armed for: when one differs from what it should be, it is armed anew. */
  armed: { expiry: number | null; lift: number | null; change: number | null; reminder: number | null; quota: number | null }
  /** Notices that a payment makes void, by their keys. */
  notices: string[]
  access: {
    asked: Access | null
    applied: Access
    askedAt: number
    /** The same was asked before, of a router that did not answer. */
    isAgain?: boolean
  }
  credentialVersion: number
  /** Raised to let other devices in. */
  deviceGeneration: number
  usage: Usage
  /** Money in another currency than the plan's: staff must give it back. */
  unusable: { paymentId: string; amount: number; currency: string; at: number }[]
  end: { reason: string; at: number } | null
}

/** Tolerates a missing input: XState makes one throw-away context without it (reference: pitfall 4). */
export function newSubscription(input: SubscriptionInput): SubscriptionContext {
  return {
    ...input,
    createdAt: 0,
    startedAt: null,
    expiresAt: null,
    terms: [],
    months: null,
    credit: 0,
    debts: [],
    payments: [],
    coverage: 'none',
    graceUsed: true,
    graceEndsAt: null,
    blocks: {},
    change: null,
    reminders: { told: [], notBefore: 0 },
    armed: { expiry: null, lift: null, change: null, reminder: null, quota: null },
    notices: [],
    access: { asked: null, applied: { level: 'none' }, askedAt: 0 },
    credentialVersion: 1,
    deviceGeneration: 1,
    usage: { online: [], uploadBytes: 0, downloadBytes: 0, logins: 0, revision: 0, at: null, termFrom: null, before: 0 },
    unusable: [],
    end: null,
  }
}

/** What is the customer's after all debts: negative when they owe. */
export function balanceOf({ credit, debts }: Pick<SubscriptionContext, 'credit' | 'debts'>): number {
  return debts.reduce((sum, { amount }) => sum - amount, credit)
}
