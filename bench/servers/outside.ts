/** M-Pesa and the SMS provider, in a process of their own. Customers do nothing until the bench lets them. */
import { startDaraja } from '../../sandbox/daraja/index.ts'
import { startSms } from '../../sandbox/sms/index.ts'
import { serve } from './serve.ts'

/** As M-Pesa sees it. */
export interface OpenPrompt {
  checkoutRequestId: string
  merchantRequestId: string
  callbackUrl: string
  /** Shillings. */
  amount: number
  phone: string
}

const REMEMBERED = 50_000

const daraja = await startDaraja({ defaults: { callback: { manual: true } }, promptsMax: REMEMBERED })
const sms = await startSms({ messagesMax: REMEMBERED })

serve(
  { daraja: daraja.url, sms: sms.url },
  {
    openPrompts: (): OpenPrompt[] =>
      daraja.control.prompts().map(({ checkoutRequestId, merchantRequestId, callbackUrl, amount, phone }) => ({ checkoutRequestId, merchantRequestId, callbackUrl, amount, phone })),
    reportTo: (url: string) => sms.control.setReportUrl(url),
  },
  () => Promise.all([daraja.stop(), sms.stop()]),
)
