/**
 * What the customers of a router that keeps its users itself have used, read from its own counters. Pure.
 *
 * RouterOS counts twice: a user's record (`/ip/hotspot/user`) over the life of the record, but only when he logs out; and each login
 * (`/ip/hotspot/active`) while it lasts. What is seen of logins goes into the same accounting as RADIUS's. What a login used between the
 * last look at it and its end is seen by nobody, but the record has grown by all of it by then: the record's growth, less what we had seen
 * of the logins that ended, is what was missed. So the totals are exact, however seldom there are looks.
 *
 * The users must be read before the logins: a login that has ended in between is then missed for one look (and `owed`), where it would
 * else be counted twice.
 */
import { parseDuration } from '../gateways/routeros/duration.ts'
import { normaliseMac } from '../gateways/mac.ts'
import type { RouterRecord } from '../gateways/routeros/port.ts'
import { userRecordOf } from './user-comment.ts'

export interface Bytes {
  /** From the customer. */
  upload: number
  download: number
}

/** What the last look left behind of one user's record. */
export interface CountedRecord {
  /** Which one: a record that was made anew counts from nought. See user-comment.ts. */
  record: string
  /** Its counters then. */
  counters: Bytes
  /** Seen of logins that had ended by then, which the counters did not hold yet. */
  owed: Bytes
}

/** A login that had not ended by the last look, as accounting has it. */
export interface CountedLogin extends Bytes {
  /** Names it among those of its record. */
  id: string
  record: string
  username: string
  mac: string | null
  ip: string | null
  seconds: number
}

export interface Counted {
  /** Grows with every look that is saved: another one in between makes ours worthless. 0: there was none. */
  revision: number
  records: readonly CountedRecord[]
  logins: readonly CountedLogin[]
}

export interface LoginUsage extends CountedLogin {
  isOver: boolean
}

export interface Usage {
  records: CountedRecord[]
  logins: LoginUsage[]
  /** By record: what its own counters come to, with logins that they will hold once these are over. Its limit counts by the same. */
  lives: ReadonlyMap<string, number>
}

const NOUGHT: Bytes = { upload: 0, download: 0 }

/** @param at names logins that are seen for the first time */
export function usageOf(counted: Counted, users: readonly RouterRecord[], active: readonly RouterRecord[], at: number): Usage {
  const known = new Map(counted.records.map((one) => [one.record, one]))
  const usage = { records: [] as CountedRecord[], logins: [] as LoginUsage[], lives: new Map<string, number>() }
  const isFirstLook = counted.revision === 0
  const found = new Set<string>()
  for (const user of users) {
    const record = userRecordOf(user['comment'])
    const username = user['name']
    if (record === undefined || username === undefined) continue
    found.add(record)
    // Whom RADIUS let in is counted by RADIUS.
    const online = active.filter((login) => login['user'] === username && login['radius'] !== 'true')
    const { logins, ended } = matched(counted.logins.filter((login) => login.record === record), online, { record, username, at })
    const counters = bytesOf(user)
    // Made since the last look, it has counted from nought. What was there before we began to count is nobody's.
    const before = known.get(record) ?? { counters: isFirstLook ? counters : NOUGHT, owed: NOUGHT }
    const { owed, missed } = settled(before, counters, sumOf(ended))
    usage.records.push({ record, counters, owed })
    usage.logins.push(...logins, ...withMissed(ended, missed, { record, username, at }))
    usage.lives.set(record, total(counters) + total(owed) + total(sumOf(logins)))
  }
  // Removed by its owner, or by us at the last look.
  const lost = counted.logins.filter(({ record }) => !found.has(record))
  usage.logins.push(...lost.map((login) => ({ ...login, isOver: true })))
  return usage
}

interface Whose {
  record: string
  username: string
  at: number
}

/** Which of the known logins go on, which are new, which have ended. */
function matched(known: readonly CountedLogin[], online: readonly RouterRecord[], { record, username, at }: Whose): { logins: LoginUsage[]; ended: LoginUsage[] } {
  const rest = new Set(known)
  const logins = online.map((login, index): LoginUsage => {
    const now = { mac: macOf(login), ip: login['address'] ?? null, seconds: parseDuration(login['uptime'] ?? '') ?? 0, ...bytesOf(login) }
    // Its counters never fall; where a second one of the same device passes for the first, the record's growth makes up for it.
    const same = [...rest].find((one) => one.mac === now.mac && one.ip === now.ip && one.seconds <= now.seconds && one.upload <= now.upload && one.download <= now.download)
    if (same !== undefined) rest.delete(same)
    return { id: same?.id ?? `${at}-${index}`, record, username, ...now, isOver: false }
  })
  return { logins, ended: [...rest].map((login) => ({ ...login, isOver: true })) }
}

function settled({ counters: before, owed }: Pick<CountedRecord, 'counters' | 'owed'>, now: Bytes, ended: Bytes): { owed: Bytes; missed: Bytes } {
  const each = (way: keyof Bytes): { owed: number; missed: number } => {
    // Lower: they were reset.
    const grown = now[way] >= before[way] ? now[way] - before[way] : now[way]
    const open = owed[way] + ended[way] - grown
    // What was owed at the last look and has not come by now will not: a power cut took it.
    return { owed: Math.max(0, Math.min(ended[way], open)), missed: Math.max(0, -open) }
  }
  const [upload, download] = [each('upload'), each('download')]
  return { owed: { upload: upload.owed, download: download.owed }, missed: { upload: upload.missed, download: download.missed } }
}

/** On the login that ended last; on one of its own where no look has seen any. */
function withMissed(ended: readonly LoginUsage[], missed: Bytes, { record, username, at }: Whose): LoginUsage[] {
  if (total(missed) === 0) return [...ended]
  const last = ended.at(-1) ?? { id: `${at}-unseen`, record, username, mac: null, ip: null, seconds: 0, ...NOUGHT, isOver: true }
  return [...ended.slice(0, -1), { ...last, ...sumOf([last, missed]) }]
}

function bytesOf(record: RouterRecord): Bytes {
  return { upload: countOf(record['bytes-in']), download: countOf(record['bytes-out']) }
}

function countOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0
}

function macOf(login: RouterRecord): string | null {
  const mac = normaliseMac(login['mac-address'] ?? '')
  return mac.ok ? mac.mac : null
}

function sumOf(parts: readonly Bytes[]): Bytes {
  return parts.reduce((sum, { upload, download }) => ({ upload: sum.upload + upload, download: sum.download + download }), NOUGHT)
}

function total({ upload, download }: Bytes): number {
  return upload + download
}
