/** Africa's Talking's delivery report -> `notification.report`. */
import { parseDeliveryReport } from '../../actors/gateways/sms/delivery-report.ts'
import { readFormOrJson } from './body-text.ts'
import type { HookHandler } from './handler.ts'
import { madePlain } from './plain-text.ts'

/** Their word for it in a report (protocols of Africa's Talking: `failureReason` of `Rejected` and `Failed`). */
const STOPPED = /^user ?in ?black ?list$/i

export const smsDelivery: HookHandler = {
  provider: 'sms',
  kind: 'delivery',
  read(body) {
    const parsed = parseDeliveryReport(readFormOrJson(body))
    if (!parsed.ok) return { ok: false, problem: parsed.problem }
    const { providerId, status, providerStatus, failureReason, networkCode, retryCount, phone } = parsed.report
    return {
      ok: true,
      about: { type: 'notification', identifier: 'providerId', value: providerId },
      event: {
        type: 'notification.report',
        providerId,
        status,
        providerStatus: madePlain(providerStatus).slice(0, 100),
        ...(failureReason === undefined ? {} : { failureReason: madePlain(failureReason).slice(0, 200) }),
        ...(networkCode === undefined ? {} : { networkCode: madePlain(networkCode).slice(0, 20) }),
        ...(retryCount === undefined ? {} : { retryCount }),
      },
      ...(phone !== undefined && STOPPED.test(failureReason ?? '') ? { stoppedBy: phone } : {}),
    }
  },
}
