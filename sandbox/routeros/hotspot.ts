/**
 * How the hotspot of a played router counts the users it keeps itself. As MikroTik's manual has it: a user's own counters grow when he logs
 * out, and not while he is logged in; a login may use what was left of the user's limits when it began, and is ended when that is used up;
 * whoever has reached his limit is not let in. A power cut takes the logins with what they have used.
 */
import { parseDuration, uptimeText } from './duration.ts'
import type { RouterRecord } from './record.ts'

const ZERO = { uptime: '0s', 'bytes-in': '0', 'bytes-out': '0' }

/** What a new record of these menus begins with. */
export const COUNTED: Readonly<Record<string, RouterRecord>> = { '/ip/hotspot/user': { ...ZERO, disabled: 'false' }, '/ip/hotspot/active': ZERO }

export interface Traffic {
  upload?: number
  download?: number
}

interface Login {
  startedAt: number
  /** Bytes, both ways; null: no limit. */
  left: number | null
}

export class PlayedHotspot {
  readonly #users: readonly RouterRecord[]
  readonly #profiles: readonly RouterRecord[]
  readonly #clock: () => number
  readonly #logins = new Map<RouterRecord, Login>()

  constructor(users: readonly RouterRecord[], profiles: readonly RouterRecord[], clock: () => number) {
    this.#users = users
    this.#profiles = profiles
    this.#clock = clock
  }

  /** Why this user of its own is not let in, in RouterOS's words; undefined: he is, or RADIUS decides. */
  refusal(username: string | undefined, online: readonly RouterRecord[]): string | undefined {
    const user = this.#userOf(username)
    if (user === undefined) return undefined
    if (user['disabled'] === 'true') return 'user is disabled'
    if (leftOf(user) === 0) return 'traffic limit reached'
    const places = Number(this.#profiles.find(({ name }) => name === user['profile'])?.['shared-users'] ?? 1)
    return online.filter((one) => one['user'] === username).length >= places ? 'no more sessions are allowed for user' : undefined
  }

  /** A login has begun. */
  began(login: RouterRecord): void {
    const user = this.#userOf(login['user'])
    this.#logins.set(login, { startedAt: this.#clock(), left: user === undefined ? null : leftOf(user) })
  }

  /** A login is over: only now its user's own counters know of it. */
  ended(login: RouterRecord): void {
    this.show([login])
    this.#logins.delete(login)
    const user = this.#userOf(login['user'])
    if (user === undefined) return
    for (const counter of ['bytes-in', 'bytes-out']) user[counter] = String(count(user, counter) + count(login, counter))
    user['uptime'] = uptimeText(parseDuration(user['uptime']) + parseDuration(login['uptime']))
  }

  /** The logins with how long they last by now. */
  show(logins: readonly RouterRecord[]): void {
    for (const login of logins) login['uptime'] = uptimeText(Math.floor((this.#clock() - (this.#logins.get(login)?.startedAt ?? this.#clock())) / 1_000))
  }

  /** @returns whether the user's limit is reached, which ends the login */
  use(login: RouterRecord, { upload = 0, download = 0 }: Traffic): boolean {
    const left = this.#logins.get(login)?.left ?? null
    const room = left === null ? Infinity : left - count(login, 'bytes-in') - count(login, 'bytes-out')
    const up = Math.min(upload, room)
    const down = Math.min(download, room - up)
    login['bytes-in'] = String(count(login, 'bytes-in') + up)
    login['bytes-out'] = String(count(login, 'bytes-out') + down)
    return room - up - down <= 0
  }

  #userOf(username: string | undefined): RouterRecord | undefined {
    return this.#users.find(({ name }) => name === username)
  }
}

/** Of `limit-bytes-total`, where 0 is no limit: null. */
function leftOf(user: RouterRecord): number | null {
  const limit = count(user, 'limit-bytes-total')
  return limit === 0 ? null : Math.max(0, limit - count(user, 'bytes-in') - count(user, 'bytes-out'))
}

function count(record: RouterRecord, name: string): number {
  return Number(record[name] ?? 0)
}
