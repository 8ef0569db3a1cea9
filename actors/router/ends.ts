/**
 * The end of paid time, kept by the router itself: while our node or the tunnel is away nobody else can. A script of ours runs there every
 * minute and ends whoever's time is over. It goes by the router's uptime and not by its clock, which jumps after a power cut: a
 * router that has started anew counts from nought, so an end may come late (until the next look sets it right), but never early. What
 * RouterOS offers besides counts time online (`limit-uptime`) or the length of one login (`session-timeout`): neither is the time that was paid.
 */
import { formatDuration, parseDuration } from '../gateways/routeros/duration.ts'
import { USER_MARK } from './user-comment.ts'

/** Of the script and of its schedule. */
export const ENDS = 'standing-ends'

const UNTIL = ' until='
const UP = ' up='
const OVER = ' over'

/**
 * Disabled, not removed: its counters are still to be read. Every value is looked at for its kind, for a RouterOS that takes a text for
 * something else must end nobody.
 */
export const ENDS_SOURCE = [
  ':local now [/system resource get uptime]',
  `:foreach record in=[/ip hotspot user find where comment~"^${USER_MARK}" disabled=no] do={ ${[
    ':local text [/ip hotspot user get $record comment]',
    `:local mark [:find $text "${UP}"]`,
    `:if ([:typeof $mark] = "num") do={ ${[
      `:local end [:totime [:pick $text ($mark + ${UP.length}) [:len $text]]]`,
      `:if ([:typeof $end] = "time") do={ :if ($now >= $end) do={ ${[
        ':local login [/ip hotspot user get $record name]',
        `/ip hotspot user set $record disabled=yes comment=($text . "${OVER}")`,
        '/ip hotspot cookie remove [/ip hotspot cookie find where user=$login]',
        '/ip hotspot active remove [/ip hotspot active find where user=$login]',
      ].join('; ')} } }`,
    ].join('; ')} }`,
  ].join('; ')} }`,
].join('; ')

/** One second that the router's uptime is rounded down by. */
const ROUNDING_SECONDS = 1
/** Two looks do not come to the same second. Of a router that has started anew the end would come sooner by all that it was up before. */
const SAME = { earlier: 10, later: 60 }

export interface RouterMoment {
  /** Of ours, not after the uptime was read. */
  at: number
  uptimeSeconds: number | null
}

/**
 * What follows in a user's comment: until when, in seconds since the epoch, and what the router's uptime is then.
 *
 * @param present the comment that the record has; what is said in it holds if it is the same end
 */
export function endOf(until: number | null, { at, uptimeSeconds }: RouterMoment, present: string | undefined): string {
  if (until === null || uptimeSeconds === null) return ''
  const ends = `${UNTIL}${Math.ceil(until / 1_000)}${UP}`
  const up = uptimeSeconds + ROUNDING_SECONDS + Math.max(0, Math.ceil((until - at) / 1_000))
  const [, said = ''] = present?.split(ends) ?? []
  const before = parseDuration(said)
  const isSame = before !== undefined && before >= up - SAME.earlier && before <= up + SAME.later
  return `${ends}${isSame ? said : formatDuration(up)}`
}

/** The router has ended it by itself; it is disabled until we say otherwise. */
export function isEnded(comment: string | undefined): boolean {
  return comment?.endsWith(OVER) === true
}
