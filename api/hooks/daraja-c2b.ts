/**
 * C2B: the payer uses the paybill by hand. Safaricom asks first (validation), if it was told to, and then tells (confirmation).
 *
 * Validation refuses only what is better refused while the payer stands there, by these rules:
 *   V1  not a body of Safaricom's, or from a foreign address: C2B00016
 *   V2  another shortcode than ours: C2B00015
 *   V3  no exact amount above zero: C2B00013
 *   V4  an account number that names nobody, from a phone that has no subscription (or several): C2B00012
 * If we cannot tell in time it is accepted: money whose purpose is unknown is looked at, and a payer who is refused for our
 * sake has lost more.
 */
import { parseC2b } from '../../actors/gateways/mpesa/c2b.ts'
import { isAccountKnown, type Directory } from '../../actors/payment/received-money.ts'
import { readJson, whyNoJson } from './body-text.ts'
import type { HookHandler } from './handler.ts'

/** The confirmation. What was paid to another shortcode than ours (if ours is known) is for a person to look at: the money has moved. */
export function darajaC2b(ours: string | undefined): HookHandler {
  return {
    provider: 'daraja',
    kind: 'c2b',
    read(body) {
      const unread = whyNoJson(body)
      if (unread !== undefined) return { ok: false, problem: unread }
      const parsed = parseC2b(readJson(body))
      if (!parsed.ok) return { ok: false, problem: parsed.problem }
      const { amount, shortcode, ...transaction } = parsed.transaction
      if (amount === undefined) return { ok: false, problem: 'not a C2B confirmation: TransAmount is no exact amount above zero' }
      const isOurs = ours === undefined || shortcode === ours
      return { ok: true, money: { ...transaction, amount, source: 'c2b', ...(isOurs ? {} : { foreignShortcode: shortcode.slice(0, SHORTCODE_CHARS_MAX) }) } }
    },
  }
}

const SHORTCODE_CHARS_MAX = 40

export interface ValidationAnswer {
  ResultCode: string
  ResultDesc: 'Accepted' | 'Rejected'
}

const ACCEPTED: ValidationAnswer = { ResultCode: '0', ResultDesc: 'Accepted' }

/** Safaricom waits about eight seconds. */
const DECIDE_WITHIN_MS = 4_000

export async function validateC2b({ directory, tenant, shortcode }: { directory: Directory; tenant: string; shortcode: string | undefined }, body: Buffer): Promise<ValidationAnswer> {
  const parsed = parseC2b(readJson(body))
  if (!parsed.ok) return rejected('C2B00016')
  const { transaction } = parsed
  if (shortcode !== undefined && transaction.shortcode !== shortcode) return rejected('C2B00015')
  const { amount } = transaction
  if (amount === undefined) return rejected('C2B00013')
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<true>((resolve) => (timer = setTimeout(() => resolve(true), DECIDE_WITHIN_MS)))
  const known = isAccountKnown(directory, tenant, { ...transaction, amount, source: 'c2b' }).catch(() => true)
  try {
    return (await Promise.race([known, late])) ? ACCEPTED : rejected('C2B00012')
  } finally {
    clearTimeout(timer)
  }
}

export function rejected(code: string): ValidationAnswer {
  return { ResultCode: code, ResultDesc: 'Rejected' }
}
