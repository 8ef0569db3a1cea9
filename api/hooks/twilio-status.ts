/** Twilio's status callback -> `notification.report`. Its signature was checked when it came in. */
import { parseTwilioReport } from '../../actors/gateways/sms/twilio-report.ts'
import { readFormOrJson } from './body-text.ts'
import type { HookHandler } from './handler.ts'
import { madePlain } from './plain-text.ts'

export const twilioStatus: HookHandler = {
  provider: 'twilio',
  kind: 'status',
  read(body) {
    const parsed = parseTwilioReport(readFormOrJson(body))
    if (!parsed.ok) return { ok: false, problem: parsed.problem }
    const { providerId, status, providerStatus, failureReason } = parsed.report
    return {
      ok: true,
      about: { type: 'notification', identifier: 'providerId', value: providerId },
      event: {
        type: 'notification.report',
        providerId,
        status,
        providerStatus: madePlain(providerStatus).slice(0, 100),
        ...(failureReason === undefined ? {} : { failureReason: madePlain(failureReason).slice(0, 200) }),
      },
    }
  },
}
