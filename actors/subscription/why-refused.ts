/**
 * Why a customer cannot log in, and what to do about it, in his language: what FreeRADIUS tells whoever has shown the password
 * (docs/adr/0026). Shorter than the 253 bytes of a Reply-Message, and without the words of staff, which are not for him.
 */
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import { amountDue } from '../../machines/subscription/money.ts'
import { askText } from '../money-text.ts'

type Locale = SubscriptionContext['locale']

interface Words {
  ended: string
  held: string
  pending: (amount: string, account: string) => string
  unpaid: (amount: string, account: string) => string
  dataUsedUp: (amount: string, account: string) => string
}

const WORDS: Record<Locale, Words> = {
  en: {
    ended: 'Your subscription has ended. Please contact us.',
    held: 'Your access is held back. Please contact us.',
    pending: (amount, account) => `Your connection starts when it is paid. Pay ${amount} to account ${account}.`,
    unpaid: (amount, account) => `Your connection is off. Pay ${amount} to account ${account} and you are back online at once.`,
    dataUsedUp: (amount, account) => `Your data is used up. Pay ${amount} to account ${account} for new data at once.`,
  },
  sw: {
    ended: 'Huduma yako imekwisha. Tafadhali wasiliana nasi.',
    held: 'Huduma yako imezuiwa. Tafadhali wasiliana nasi.',
    pending: (amount, account) => `Huduma yako itaanza ukilipa. Lipa ${amount} kwa akaunti ${account}.`,
    unpaid: (amount, account) => `Huduma yako imezimwa. Lipa ${amount} kwa akaunti ${account} urudi mtandaoni mara moja.`,
    dataUsedUp: (amount, account) => `Data yako imeisha. Lipa ${amount} kwa akaunti ${account} upate data mpya mara moja.`,
  },
}

/** Of a record without access, and by it alone. What paying does not mend comes first: nobody is asked for money that brings nothing. */
export function whyRefused(context: SubscriptionContext): string {
  const { end, blocks, coverage, startedAt, expiresAt, plan, locale, accountNumber } = context
  const words = WORDS[locale]
  if (end !== null) return words.ended
  if (Object.keys(blocks).length > 0) return words.held
  // An agreed change that is still to come has its own step, which changes the record.
  const amount = askText(amountDue(context, expiresAt ?? 0), plan.currency)
  if (coverage === 'paid') return words.dataUsedUp(amount, accountNumber)
  return (startedAt === null ? words.pending : words.unpaid)(amount, accountNumber)
}
