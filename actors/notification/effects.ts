/** The outside call of a notification. */
import type { SendOutcome, SendRequest } from '../../machines/notification/context.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { INTERRUPTED, outcomeOfError } from '../gateway-outcome.ts'
import type { SmsGateway } from '../gateways/sms/port.ts'
import { textOf } from './text.ts'

export interface NotificationCalls {
  sms: SmsGateway
  credentials: CredentialIssuer
  /** Of the times in the text, such as `Africa/Nairobi`. */
  timeZone: string
}

/** One attempt: what may be sent again, and when, is the machine's decision (N2). */
export function sendSms({ sms, credentials, timeZone }: NotificationCalls): EffectDefinition {
  return defineEffect<SendRequest, SendOutcome>({
    lane: 'sms',
    retry: { attempts: 1 },
    noteBeforeCall: true,
    timeoutMs: 60_000,
    async run(request, { key, interrupted, signal }) {
      if (interrupted) return INTERRUPTED
      const text = textOf(request, credentials.issue(request.about, request.credentialVersion), timeZone)
      try {
        const { providerId, cost = null, segments } = await sms.send({ to: request.to, text, key }, { signal })
        return { outcome: 'accepted', providerId, cost, segments }
      } catch (error) {
        return outcomeOfError(error)
      }
    },
  })
}
