/** What customers send to us by SMS -> whether they want to be written to. Everything else in such a message is not for us. */
import { parseAfricasTalkingInbound, parseAfricasTalkingOptOut, parseTwilioInbound, type InboundSmsResult } from '../../actors/gateways/sms/inbound.ts'
import { readFormOrJson } from './body-text.ts'
import type { HookHandler, HookReading } from './handler.ts'

const AFRICAS_TALKING = 'sms:africas-talking'

export const smsInbound: HookHandler = { provider: 'sms', kind: 'inbound', read: (body) => reading(parseAfricasTalkingInbound(readFormOrJson(body)), AFRICAS_TALKING) }
export const smsOptOut: HookHandler = { provider: 'sms', kind: 'opt-out', read: (body) => reading(parseAfricasTalkingOptOut(readFormOrJson(body)), AFRICAS_TALKING) }
/** Its signature was checked when it came in. */
export const twilioInbound: HookHandler = { provider: 'twilio', kind: 'inbound', read: (body) => reading(parseTwilioInbound(readFormOrJson(body)), 'sms:twilio') }

function reading(parsed: InboundSmsResult, source: string): HookReading {
  return parsed.ok ? { ok: true, contact: { phone: parsed.phone, wish: parsed.wish, source } } : { ok: false, problem: parsed.problem }
}
