/**
 * The hotspot users of a router that is provisioned by REST instead of asking RADIUS: every access of its tenant as a record of
 * `/ip/hotspot/user`, with a profile for each speed. Only records with our comment are touched.
 */
import { createHash } from 'node:crypto'
import type { UsersOutcome } from '../../machines/router/calls.ts'
import { isGatewayError } from '../gateways/errors.ts'
import type { RouterConnection, RouterRecord } from '../gateways/routeros/port.ts'
import { changesTo, type RouterChange } from './changes.ts'
import { make } from './configure.ts'
import type { HotspotAccess } from './live.ts'
import { MARK, type Wanted } from './wanted.ts'

const PROFILES = '/ip/hotspot/user/profile'
const USERS = '/ip/hotspot/user'
const REMOVALS_FIRST: Readonly<Record<RouterChange['do'], number>> = { remove: 0, add: 1, change: 1 }

/** Brings the router to what is wanted of it; each time compared anew, so twice is once (R5). */
export async function bringUsers(router: RouterConnection, accesses: readonly HotspotAccess[], signal: AbortSignal): Promise<UsersOutcome> {
  const outcome: UsersOutcome = { wanted: accesses.length, added: 0, changed: 0, removed: 0, failure: null }
  try {
    // A user names its profile, so that comes first.
    for (const wanted of [profilesOf(accesses), [usersOf(accesses)]]) {
      const [first] = wanted
      if (first === undefined) continue
      const has = new Map<string, readonly RouterRecord[]>([[first.menu, await router.list(first.menu, { signal })]])
      // One with another password is another record of the same name: the old one must be gone first.
      const changes = changesTo(wanted, has).sort((a, b) => REMOVALS_FIRST[a.do] - REMOVALS_FIRST[b.do])
      for (const change of changes) {
        const refusal = await make(router, change, signal).catch(refused)
        // One record that it does not take, such as a name that its owner uses, keeps nobody else out.
        if (refusal !== undefined) outcome.failure = refusal
        else if (change.menu === USERS) outcome[change.do === 'add' ? 'added' : change.do === 'change' ? 'changed' : 'removed'] += 1
      }
    }
    return outcome
  } catch (error) {
    if (!isGatewayError(error)) throw error
    return { ...outcome, failure: { code: error.code, detail: error.message } }
  }
}

function refused(error: unknown): NonNullable<UsersOutcome['failure']> {
  if (!isGatewayError(error, 'refused')) throw error
  return { code: error.code, detail: error.message }
}

function profilesOf(accesses: readonly HotspotAccess[]): Wanted[] {
  const byName = new Map(accesses.map((access) => [profileOf(access), { 'rate-limit': access.rateLimit ?? '', 'shared-users': String(access.devices) }]))
  return [...byName].map(([name, fields]) => ({ kind: 'named', menu: PROFILES, name, fields }))
}

function profileOf({ rateLimit, devices }: HotspotAccess): string {
  return `standing-${rateLimit?.replace('/', '-') ?? 'unlimited'}-${devices}`
}

function usersOf(accesses: readonly HotspotAccess[]): Wanted {
  return {
    kind: 'records',
    menu: USERS,
    mark: `${MARK}user:`,
    records: accesses.map((access) => ({
      comment: `${MARK}user:${access.username}:${fingerprint(access.password)}`,
      // 0: no limit.
      fields: { name: access.username, profile: profileOf(access), 'limit-bytes-total': String(access.dataBytes ?? 0) },
      // The router does not show it again, so it cannot be compared: the comment says which one it is.
      onAdd: { password: access.password },
    })),
  }
}

function fingerprint(password: string): string {
  return createHash('sha256').update(password).digest('hex').slice(0, 12)
}
