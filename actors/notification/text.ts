/** The words of each message. Made at the moment of sending, because they hold secrets (N1). */
import type { SendRequest } from '../../machines/notification/context.ts'
import type { Credentials } from '../credentials.ts'

/** Names longer than this would cost a second SMS. */
const NAME_CHARS_MAX = 40

export function textOf({ locale, details }: Pick<SendRequest, 'template' | 'locale' | 'details'>, { username, password }: Credentials, timeZone: string): string {
  const name = details.packageName.slice(0, NAME_CHARS_MAX)
  const until = momentText(details.expiresAt, timeZone)
  switch (locale) {
    case 'en':
      return `WiFi ${name}: username ${username} password ${password} Valid until ${until}.`
    case 'sw':
      return `WiFi ${name}: jina ${username} nywila ${password} Inaisha ${until}.`
  }
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
