/** The outside calls of a notification. */
import type { Clearance, ClearanceRequest, SendOutcome, SendRequest } from '../../machines/notification/context.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { INTERRUPTED, outcomeOfError } from '../gateway-outcome.ts'
import type { SmsGateway } from '../gateways/sms/port.ts'
import { releaseAt, type QuietHours } from './quiet-hours.ts'
import { textOf } from './text.ts'

/** What must be known of a phone before it is written to. */
export interface ContactRules {
  hasOptedOut(tenant: string, phone: string): Promise<boolean>
  /** When the newest message of this template went to the phone, milliseconds since the epoch; of other notifications than this one. */
  lastSentAt(query: { tenant: string; phone: string; template: string; exceptId: string }): Promise<number | undefined>
  /** A provider knows that the phone wants no more messages; once said, saying it again changes nothing. */
  optOut(tenant: string, optOut: { phone: string; reason: string; source: string; at: number }): Promise<unknown>
}

export interface NotificationCalls {
  sms: SmsGateway
  credentials: CredentialIssuer
  /** Of the times in the text, and of quiet hours, such as `Africa/Nairobi`. */
  timeZone: string
  contactRules: ContactRules
  quietHours: QuietHours
}

/** Who has opted out still gets what they paid for: logins, which need no clearance at all, and receipts. */
const TRANSACTIONAL: ReadonlySet<string> = new Set(['subscription-receipt'])

/** They go before all that are sent by the thousand. */
const IS_WAITED_FOR: ReadonlySet<string> = new Set(['hotspot-credentials', ...TRANSACTIONAL])

/** Between two messages of one template to one phone. Receipts are each about another payment. */
export const COOLDOWN_MS = 10 * 60_000

/** The recipient has stopped our messages with the provider or the network: Twilio's 21610, Africa's Talking's 406. */
const STOPPED = 'blocked-by-recipient'

/** One attempt: what may be sent again, and when, is the machine's decision (N2). */
export function sendSms({ sms, credentials, timeZone, contactRules }: Pick<NotificationCalls, 'sms' | 'credentials' | 'timeZone' | 'contactRules'>): EffectDefinition {
  return defineEffect<SendRequest, SendOutcome>({
    lane: ({ template }) => (IS_WAITED_FOR.has(template) ? 'sms' : 'notifications'),
    noteBeforeCall: true,
    timeoutMs: 60_000,
    async run(request, { key, interrupted, signal, at, address: { tenant } }) {
      if (interrupted) return INTERRUPTED
      const text = textOf(request, credentials.issue(request.about, request.credentialVersion), { timeZone, now: at })
      try {
        const { provider = 'sms', providerId, cost = null, segments } = await sms.send({ to: request.to, text, key, ...(request.isRepetition ? { isRepetition: true } : {}) }, { signal })
        return { outcome: 'accepted', provider, providerId, cost, segments }
      } catch (error) {
        const outcome = outcomeOfError(error)
        // The next refusal says it again, should it not be written down now.
        if (outcome.outcome === 'refused' && outcome.code === STOPPED) await contactRules.optOut(tenant, { phone: request.to, reason: 'stopped with the provider', source: 'sms', at }).catch(() => undefined)
        return outcome
      }
    },
  })
}

/** Asking changes nothing, so it is asked until there is an answer. */
export function checkClearance({ contactRules, timeZone, quietHours }: Pick<NotificationCalls, 'contactRules' | 'timeZone' | 'quietHours'>): EffectDefinition {
  return defineEffect<ClearanceRequest, Clearance>({
    lane: 'clearance',
    async run({ to: phone, template }, { at, address: { tenant, id } }) {
      const isTransactional = TRANSACTIONAL.has(template)
      if (!isTransactional && (await contactRules.hasOptedOut(tenant, phone))) return { outcome: 'suppressed', reason: 'opted-out' }
      const released = releaseAt(quietHours, timeZone, at)
      if (released !== undefined) return { outcome: 'held', reason: 'quiet-hours', until: released }
      if (isTransactional) return { outcome: 'clear' }
      const lastSentAt = await contactRules.lastSentAt({ tenant, phone, template, exceptId: id })
      const pauseEnd = (lastSentAt ?? 0) + COOLDOWN_MS
      return lastSentAt !== undefined && pauseEnd > at ? { outcome: 'held', reason: 'cooldown', until: pauseEnd } : { outcome: 'clear' }
    },
  })
}
