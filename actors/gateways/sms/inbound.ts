/**
 * SMS that customers send to us, as far as they say whether they want to be written to.
 *
 *   Africa's Talking, incoming message: a form with `from`, `to`, `text`, `id`, `date`, `linkId`, `networkCode`.
 *   Africa's Talking, bulk SMS opt-out: a form with `senderId`, `phoneNumber`, when somebody has opted out with the network.
 *   Twilio, incoming message: a form with `From`, `To`, `Body`, `MessageSid`; `OptOutType` (START, STOP, HELP) where Advanced Opt-Out is on.
 *
 * Only a message that consists of the word counts, as with Twilio (support article on OptOutType): "stop by at noon" is no wish.
 */
import { z } from 'zod'
import { normalisePhone } from '../phone.ts'

export type ContactWish = 'stop' | 'start'

/** `wish` null: the message says something else. `problem` is for the log and quotes nothing from the body. */
export type InboundSmsResult = { ok: true; phone: string; wish: ContactWish | null } | { ok: false; problem: string }

/** Twilio's standard words, and those of Swahili. */
const STOP_WORDS: ReadonlySet<string> = new Set(['STOP', 'STOPALL', 'STOP ALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'OPT OUT', 'REVOKE', 'ACHA', 'SITISHA'])
const START_WORDS: ReadonlySet<string> = new Set(['START', 'UNSTOP', 'YES', 'ANZA'])

const text = z.string().max(10_000)
const africasTalking = z.object({ from: text, text: text.default('') })
const africasTalkingOptOut = z.object({ phoneNumber: text })
const twilio = z.object({ From: text, Body: text.default(''), OptOutType: text.default('') })

/** Each takes the parsed form and never throws: the body comes from the open internet. */
export function parseAfricasTalkingInbound(body: unknown): InboundSmsResult {
  const parsed = africasTalking.safeParse(body)
  return parsed.success ? inbound(parsed.data.from, wishOf(parsed.data.text)) : malformed('an incoming SMS', parsed.error)
}

export function parseAfricasTalkingOptOut(body: unknown): InboundSmsResult {
  const parsed = africasTalkingOptOut.safeParse(body)
  return parsed.success ? inbound(parsed.data.phoneNumber, 'stop') : malformed('an opt-out', parsed.error)
}

export function parseTwilioInbound(body: unknown): InboundSmsResult {
  const parsed = twilio.safeParse(body)
  if (!parsed.success) return malformed('an incoming SMS', parsed.error)
  const { From, Body, OptOutType } = parsed.data
  // Where Twilio has judged the message by the words of its own settings, that counts.
  return inbound(From, OptOutType === '' ? wishOf(Body) : wishOf(OptOutType))
}

function wishOf(message: string): ContactWish | null {
  const words = message.toUpperCase().replace(/[^\p{L}]+/gu, ' ').trim()
  if (STOP_WORDS.has(words)) return 'stop'
  return START_WORDS.has(words) ? 'start' : null
}

/** A sender that is no phone, such as a network's name, wishes nothing. */
function inbound(from: string, wish: ContactWish | null): InboundSmsResult {
  // A plus that was not encoded came as a space.
  const phone = normalisePhone(from.replace(/^ (?=\d)/, '+'))
  if (phone.ok) return { ok: true, phone: phone.phone, wish }
  return { ok: false, problem: 'the sender is no phone number' }
}

function malformed(what: string, { issues }: z.ZodError): InboundSmsResult {
  return { ok: false, problem: `not ${what}: ${issues[0]?.path.join('.') ?? 'body'} is missing or malformed` }
}
