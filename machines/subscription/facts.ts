/** What a subscription tells. Amounts in minor units of the plan's currency. */
import { balanceOf, type SubscriptionContext } from './context.ts'

/** Whom it is about, in every fact: reactions need no more. */
interface Customer {
  accountNumber: string
  phone: string
  name: string
  locale: 'en' | 'sw'
  packageId: string
  packageName: string
  currency: string
  /** Negative when they owe. */
  balance: number
  expiresAt: number | null
  at: number
}

export type SubscriptionFact = Customer &
  (
    | { type: 'subscription.created' }
    /** Money came; what it bought is told by `renewed`, which then comes next. */
    | { type: 'subscription.paid'; paymentId: string; amount: number; receipt: string | null }
    /** A term was bought: revenue. */
    | { type: 'subscription.renewed'; price: number; from: number; to: number }
    /** The paid time was extended, so these notices are void. */
    | { type: 'subscription.noticesVoid'; notices: string[] }
    | { type: 'subscription.activated'; credentialVersion: number }
    | { type: 'subscription.restored' }
    | { type: 'subscription.reminderDue'; key: string; distanceSeconds: number; amountDue: number }
    | { type: 'subscription.graceStarted'; key: string; graceEndsAt: number; amountDue: number; isSlowed: boolean }
    | { type: 'subscription.suspended'; key: string; amountDue: number }
    | { type: 'subscription.blocked'; block: string; reason: string; until: number | null }
    | { type: 'subscription.unblocked'; block: string; reason: string }
    | { type: 'subscription.changeScheduled'; nextPackageId: string; nextPrice: number; changeAt: number }
    | { type: 'subscription.changeCancelled' }
    | { type: 'subscription.packageChanged'; price: number }
    | { type: 'subscription.expiryChanged'; reason: string }
    | { type: 'subscription.contactChanged' }
    | { type: 'subscription.charged'; amount: number; reason: string }
    /** `returned`: what of the price of terms was given back for it: no revenue any more. */
    | { type: 'subscription.paymentRevoked'; paymentId: string; amount: number; returned: number; reason: string }
    /** Staff must give this money back. */
    | { type: 'subscription.paymentUnusable'; paymentId: string; amount: number; paidCurrency: string; reason: 'currency' | 'terminated' }
    | { type: 'subscription.passwordRenewed'; credentialVersion: number }
    | { type: 'subscription.dataUsedUp'; key: string; amountDue: number; usedBytes: number; dataBytes: number; consequence: 'slowed' | 'cut-off'; termEndsAt: number }
    | { type: 'subscription.dataRestored' }
    | { type: 'subscription.deviceChanged'; reason: string }
    | { type: 'subscription.accessApplied'; level: string; sessions: number; refused: number }
    | { type: 'subscription.terminated'; reason: string }
  )

/** Of one fact, beside its type. */
export type Told<Type extends SubscriptionFact['type']> = Omit<Extract<SubscriptionFact, { type: Type }>, 'type'>

export function customerOf(context: SubscriptionContext, at: number): Customer {
  const { accountNumber, phone, name, locale, plan, expiresAt } = context
  return { accountNumber, phone, name, locale, packageId: plan.id, packageName: plan.name, currency: plan.currency, balance: balanceOf(context), expiresAt, at }
}
