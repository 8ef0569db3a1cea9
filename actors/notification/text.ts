/** The words of each message. Made at the moment of sending, because they may hold secrets (N1). */
import { Temporal } from 'temporal-polyfill'
import type { SendRequest } from '../../machines/notification/context.ts'
import type { DetailsOf, Template } from '../../machines/notification/events.ts'
import type { Credentials } from '../credentials.ts'
import { askText, moneyText } from '../money-text.ts'

/** Names longer than this would cost a second SMS. */
const NAME_CHARS_MAX = 40

interface When {
  timeZone: string
  /** When the text is made. */
  now: number
}

type Texts = { [Name in Template]: (details: DetailsOf<Name>, credentials: Credentials, when: When) => string }

interface Distances {
  today: string
  tomorrow: string
  inDays: (days: number) => string
}

const IN_ENGLISH: Distances = { today: 'today', tomorrow: 'tomorrow', inDays: (days) => `in ${days} days` }
const IN_SWAHILI: Distances = { today: 'leo', tomorrow: 'kesho', inDays: (days) => `baada ya siku ${days}` }

const ENGLISH: Texts = {
  'hotspot-credentials': ({ packageName, expiresAt, username }, credentials, when) =>
    `WiFi ${short(packageName)}: username ${username ?? credentials.username} password ${credentials.password} Valid until ${momentText(expiresAt, when)}.`,
  'subscription-reminder': ({ packageName, accountNumber, amount, currency, expiresAt }, _, when) =>
    `${short(packageName)} ends ${distanceText(expiresAt, when, IN_ENGLISH)}, ${momentText(expiresAt, when)}. Pay ${askText(amount, currency)} to account ${accountNumber} to stay online.`,
  'subscription-receipt': ({ accountNumber, amount, currency, receipt, expiresAt, balance }, _, when) =>
    `Received ${moneyText(amount, currency)}${receipt === null ? '' : ` (${receipt})`} for account ${accountNumber}.${expiresAt === null ? '' : ` Paid until ${momentText(expiresAt, when)}.`} Balance ${moneyText(balance, currency)}.`,
  'subscription-grace': ({ packageName, accountNumber, amount, currency, graceEndsAt, isSlowed = true }, _, when) =>
    `${short(packageName)} has ended; you are online${isSlowed ? ' at low speed' : ''} until ${momentText(graceEndsAt, when)}. Pay ${askText(amount, currency)} to account ${accountNumber}.`,
  'subscription-data-used-up': ({ packageName, accountNumber, amount, currency, consequence, termEndsAt }, _, when) =>
    `The data of ${short(packageName)} is used up: ${consequence === 'slowed' ? 'low speed' : 'off'} until ${momentText(termEndsAt, when)}.${amount === 0 ? '' : ` Pay ${askText(amount, currency)} to account ${accountNumber} for new data at once.`}`,
  'subscription-suspended': ({ packageName, accountNumber, amount, currency }) =>
    `${short(packageName)} is off. Pay ${askText(amount, currency)} to account ${accountNumber} and you are back online at once.`,
}

const SWAHILI: Texts = {
  'hotspot-credentials': ({ packageName, expiresAt, username }, credentials, when) =>
    `WiFi ${short(packageName)}: jina ${username ?? credentials.username} nywila ${credentials.password} Inaisha ${momentText(expiresAt, when)}.`,
  'subscription-reminder': ({ packageName, accountNumber, amount, currency, expiresAt }, _, when) =>
    `${short(packageName)} inaisha ${distanceText(expiresAt, when, IN_SWAHILI)}, ${momentText(expiresAt, when)}. Lipa ${askText(amount, currency)} kwa akaunti ${accountNumber} uendelee.`,
  'subscription-receipt': ({ accountNumber, amount, currency, receipt, expiresAt, balance }, _, when) =>
    `Tumepokea ${moneyText(amount, currency)}${receipt === null ? '' : ` (${receipt})`} kwa akaunti ${accountNumber}.${expiresAt === null ? '' : ` Imelipwa hadi ${momentText(expiresAt, when)}.`} Salio ${moneyText(balance, currency)}.`,
  'subscription-grace': ({ packageName, accountNumber, amount, currency, graceEndsAt, isSlowed = true }, _, when) =>
    `${short(packageName)} imeisha; una intaneti${isSlowed ? ' ya kasi ndogo' : ''} hadi ${momentText(graceEndsAt, when)}. Lipa ${askText(amount, currency)} kwa akaunti ${accountNumber}.`,
  'subscription-data-used-up': ({ packageName, accountNumber, amount, currency, consequence, termEndsAt }, _, when) =>
    `Data ya ${short(packageName)} imeisha: ${consequence === 'slowed' ? 'kasi ndogo' : 'imezimwa'} hadi ${momentText(termEndsAt, when)}.${amount === 0 ? '' : ` Lipa ${askText(amount, currency)} kwa akaunti ${accountNumber} upate data mpya mara moja.`}`,
  'subscription-suspended': ({ packageName, accountNumber, amount, currency }) =>
    `${short(packageName)} imezimwa. Lipa ${askText(amount, currency)} kwa akaunti ${accountNumber} urudi mtandaoni mara moja.`,
}

const TEXTS = { en: ENGLISH, sw: SWAHILI }

/** `now`: distances such as "tomorrow" are those of the moment of sending, which a night's rest may have put off. */
export function textOf({ template, locale, details }: Pick<SendRequest, 'template' | 'locale' | 'details'>, credentials: Credentials, when: When): string {
  // The input schema demands that the details are the template's own.
  const make = TEXTS[locale][template] as (details: SendRequest['details'], credentials: Credentials, when: When) => string
  return make(details, credentials, when)
}

function short(name: string): string {
  return name.slice(0, NAME_CHARS_MAX)
}

/** Making one costs more than all else here; there are as many as tenants' time zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** By the calendar of the zone: whatever is later than midnight is tomorrow. */
function distanceText(at: number, { timeZone, now }: When, words: Distances): string {
  const day = (moment: number) => Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(timeZone).toPlainDate()
  const { days } = day(now).until(day(at))
  if (days <= 0) return words.today
  return days === 1 ? words.tomorrow : words.inDays(days)
}

/** `23/11 15:04`: digits only, the same in every language and in the SMS alphabet. */
function momentText(at: number, { timeZone }: When): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${parts.get('day')}/${parts.get('month')} ${parts.get('hour')}:${parts.get('minute')}`
}
