/** The words of each message. Made at the moment of sending, because they may hold secrets (N1). */
import type { SendRequest } from '../../machines/notification/context.ts'
import type { DetailsOf, Template } from '../../machines/notification/events.ts'
import type { Credentials } from '../credentials.ts'
import { fractionDigitsOf } from '../gateways/money.ts'

/** Names longer than this would cost a second SMS. */
const NAME_CHARS_MAX = 40

type Texts = { [Name in Template]: (details: DetailsOf<Name>, credentials: Credentials, timeZone: string) => string }

const ENGLISH: Texts = {
  'hotspot-credentials': ({ packageName, expiresAt, username }, credentials, zone) =>
    `WiFi ${short(packageName)}: username ${username ?? credentials.username} password ${credentials.password} Valid until ${momentText(expiresAt, zone)}.`,
  'subscription-reminder': ({ packageName, accountNumber, amount, currency, expiresAt }, _, zone) =>
    `${short(packageName)} ends ${momentText(expiresAt, zone)}. Pay ${moneyText(amount, currency)} to account ${accountNumber} to stay online.`,
  'subscription-receipt': ({ accountNumber, amount, currency, receipt, expiresAt, balance }, _, zone) =>
    `Received ${moneyText(amount, currency)}${receipt === null ? '' : ` (${receipt})`} for account ${accountNumber}.${expiresAt === null ? '' : ` Paid until ${momentText(expiresAt, zone)}.`} Balance ${moneyText(balance, currency)}.`,
  'subscription-grace': ({ packageName, accountNumber, amount, currency, graceEndsAt }, _, zone) =>
    `${short(packageName)} has ended; you are online at low speed until ${momentText(graceEndsAt, zone)}. Pay ${moneyText(amount, currency)} to account ${accountNumber}.`,
  'subscription-suspended': ({ packageName, accountNumber, amount, currency }) =>
    `${short(packageName)} is off. Pay ${moneyText(amount, currency)} to account ${accountNumber} and you are back online at once.`,
}

const SWAHILI: Texts = {
  'hotspot-credentials': ({ packageName, expiresAt, username }, credentials, zone) =>
    `WiFi ${short(packageName)}: jina ${username ?? credentials.username} nywila ${credentials.password} Inaisha ${momentText(expiresAt, zone)}.`,
  'subscription-reminder': ({ packageName, accountNumber, amount, currency, expiresAt }, _, zone) =>
    `${short(packageName)} inaisha ${momentText(expiresAt, zone)}. Lipa ${moneyText(amount, currency)} kwa akaunti ${accountNumber} uendelee.`,
  'subscription-receipt': ({ accountNumber, amount, currency, receipt, expiresAt, balance }, _, zone) =>
    `Tumepokea ${moneyText(amount, currency)}${receipt === null ? '' : ` (${receipt})`} kwa akaunti ${accountNumber}.${expiresAt === null ? '' : ` Imelipwa hadi ${momentText(expiresAt, zone)}.`} Salio ${moneyText(balance, currency)}.`,
  'subscription-grace': ({ packageName, accountNumber, amount, currency, graceEndsAt }, _, zone) =>
    `${short(packageName)} imeisha; una intaneti ya kasi ndogo hadi ${momentText(graceEndsAt, zone)}. Lipa ${moneyText(amount, currency)} kwa akaunti ${accountNumber}.`,
  'subscription-suspended': ({ packageName, accountNumber, amount, currency }) =>
    `${short(packageName)} imezimwa. Lipa ${moneyText(amount, currency)} kwa akaunti ${accountNumber} urudi mtandaoni mara moja.`,
}

const TEXTS = { en: ENGLISH, sw: SWAHILI }

export function textOf({ template, locale, details }: Pick<SendRequest, 'template' | 'locale' | 'details'>, credentials: Credentials, timeZone: string): string {
  // The input schema demands that the details are the template's own.
  const make = TEXTS[locale][template] as (details: SendRequest['details'], credentials: Credentials, timeZone: string) => string
  return make(details, credentials, timeZone)
}

function short(name: string): string {
  return name.slice(0, NAME_CHARS_MAX)
}

/** `KES 2,500`; with cents only where there are any. */
function moneyText(minor: number, currency: string): string {
  const digits = fractionDigitsOf(currency)
  const whole = minor % 10 ** digits === 0
  return `${currency} ${(minor / 10 ** digits).toLocaleString('en-US', { minimumFractionDigits: whole ? 0 : digits, maximumFractionDigits: digits })}`
}

/** Making one costs more than all else here; there are as many as tenants' time zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** `23/11 15:04`: digits only, the same in every language and in the SMS alphabet. */
function momentText(at: number, timeZone: string): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${parts.get('day')}/${parts.get('month')} ${parts.get('hour')}:${parts.get('minute')}`
}
