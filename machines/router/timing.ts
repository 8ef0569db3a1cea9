/** How often a router is looked at, and what counts as up and down. */

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** A script that lies about is a way in; a technician drives to the site within a day. */
export const ENROLMENT_HOURS = 24

/** Looks that miss in a row until a router is down: a lost packet, or a reboot of a minute, is no outage. */
export const DOWN_AFTER = 3
/** Looks that succeed in a row until it is up again: a router that comes and goes stays what it was. */
export const UP_AFTER = 2

/** While in doubt; what stays impaired is soon looked at no more often than what is well. */
const RECHECK_GAP_MS = 30 * SECOND_MS
/** While down. */
const RETURN_GAP_MS = MINUTE_MS
const RETURN_GAP_MAX_MS = 60 * MINUTE_MS

/** The router's scheduler calls every minute; twice unheard may be chance. */
export const HEARTBEAT_FRESH_MS = 3 * MINUTE_MS

/** WireGuard shakes hands every two minutes while anything passes. */
export const HANDSHAKE_STALE_SECONDS = 300

/** Of either side: enough that a thousand routers do not come at once, too little to notice. */
const JITTER_SHARE = 0.1

/** What differs from router to router and from look to look. */
interface Looker {
  id: string
  /** How many looks there were. */
  looks: number
}

export function watchGapMs({ pollSeconds, ...looker }: Looker & { pollSeconds: number }): number {
  return jittered(pollSeconds * SECOND_MS, looker)
}

interface Impaired extends Looker {
  pollSeconds: number
  signs: number
  goods: number
  enrolledAt: number | null
  lastGoodAt: number | null
  lastSignAt: number | null
}

/**
 * A tenth of the time for which it has lived without a good look: a locked account or an old RouterOS waits for a person for weeks, and each
 * look is two rows of the journal. Short after a miss, a good look, and the first signs of life, for then an outage begins or ends.
 */
export function recheckGapMs({ pollSeconds, signs, goods, enrolledAt, lastGoodAt, lastSignAt, ...looker }: Impaired): number {
  const impairedMs = signs < DOWN_AFTER || goods > 0 ? 0 : (lastSignAt ?? 0) - (lastGoodAt ?? enrolledAt ?? lastSignAt ?? 0)
  return jittered(Math.max(RECHECK_GAP_MS, Math.min(pollSeconds * SECOND_MS, impairedMs / 10)), looker)
}

/**
 * A tenth of the time for which it has been down, so that no outage is told more than a tenth too long: a router that is back calls within a
 * minute and is looked at then, whatever this says; a look is for those whose calls do not get through.
 */
export function returnGapMs({ lastSignAt, ...looker }: Looker & { lastSignAt: number | null }, at: number): number {
  return jittered(Math.min(RETURN_GAP_MAX_MS, Math.max(RETURN_GAP_MS, (at - (lastSignAt ?? at)) / 10)), looker)
}

/** R11: the same router at the same look always waits the same time, so a step replayed arms the same timer. */
function jittered(ms: number, { id, looks }: Looker): number {
  return Math.round(ms * (1 + JITTER_SHARE * (2 * shareOf(`${id}:${looks}`) - 1)))
}

/** FNV-1a, and a finisher, for neighbouring texts must not give neighbouring shares; 0 to 1. */
function shareOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0xffffffff
}
