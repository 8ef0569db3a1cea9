/**
 * The hotspot users of a router that is provisioned by REST instead of asking RADIUS: every access of its tenant as a record of
 * `/ip/hotspot/user`, with a profile for each speed. Only records with our comment are touched.
 */
import type { UsersOutcome } from '../../machines/router/calls.ts'
import { isGatewayError } from '../gateways/errors.ts'
import { hotspotOf } from '../gateways/routeros/hotspot.ts'
import type { RouterConnection, RouterRecord } from '../gateways/routeros/port.ts'
import { changesTo, type RouterChange } from './changes.ts'
import { make } from './configure.ts'
import { ENDS, endOf, isEnded, type RouterMoment } from './ends.ts'
import type { HotspotAccess } from './live.ts'
import { USER_MARK, userComment, userRecordOf, whichUser } from './user-comment.ts'
import type { Wanted } from './wanted.ts'

const PROFILES = '/ip/hotspot/user/profile'
export const USERS = '/ip/hotspot/user'
const REMOVALS_FIRST: Readonly<Record<RouterChange['do'], number>> = { remove: 0, add: 1, change: 1 }

/** R9: more than any RouterOS keeps well. */
export const USERS_MAX = 10_000

/** Who is to be there. */
export interface WantedUsers {
  accesses: readonly HotspotAccess[]
  /** With those that are beyond {@link USERS_MAX}. */
  total: number
  /** Those of these usernames that have access, named above or not. */
  withAccess: (usernames: readonly string[]) => Promise<readonly string[]>
}

/** What the router has, and has counted. */
export interface PresentUsers {
  users: readonly RouterRecord[]
  /** By record: see usage.ts. */
  lives: ReadonlyMap<string, number>
  moment: RouterMoment
}

/** Brings the router to what is wanted of it; each time compared anew, so twice is once (R5). */
export async function bringUsers(router: RouterConnection, wantedUsers: WantedUsers, present: PresentUsers, signal: AbortSignal): Promise<UsersOutcome> {
  const { accesses, total } = wantedUsers
  const outcome: UsersOutcome = { wanted: total, added: 0, changed: 0, removed: 0, failure: null }
  const bring = async (wanted: readonly Wanted[], menu: string, has: readonly RouterRecord[]): Promise<void> => {
    // One with another password is another record of the same name: the old one must be gone first.
    const changes = (await sparing(changesTo(wanted, new Map([[menu, has]])), wantedUsers)).sort((a, b) => REMOVALS_FIRST[a.do] - REMOVALS_FIRST[b.do])
    for (const change of changes) {
      const refusal = await make(router, change, signal).catch(refused)
      // One record that it does not take, such as a name that its owner uses, keeps nobody else out.
      if (refusal !== undefined) outcome.failure = refusal
      else if (menu === USERS) {
        outcome[change.do === 'add' ? 'added' : change.do === 'change' ? 'changed' : 'removed'] += 1
        await letComeBack(router, change, has, signal)
      }
    }
  }
  try {
    // A user names its profile, so that comes first.
    const profiles = profilesOf(accesses)
    if (profiles.length > 0) await bring(profiles, PROFILES, await router.list(PROFILES, { signal }))
    await bring([usersOf(accesses, present)], USERS, present.users)
    return { ...outcome, failure: leftOut(wantedUsers) ?? outcome.failure ?? (await withoutEnds(router, signal)) }
  } catch (error) {
    if (!isGatewayError(error)) throw error
    return { ...outcome, failure: { code: error.code, detail: error.message } }
  }
}

/** It joined before there was such a script, or its owner has removed it. */
async function withoutEnds(router: RouterConnection, signal: AbortSignal): Promise<UsersOutcome['failure']> {
  const schedule = await router.list('/system/scheduler', { signal })
  if (schedule.some(({ name, disabled }) => name === ENDS && disabled !== 'true')) return null
  return { code: 'ends-not-kept', detail: `Its schedule '${ENDS}' is missing, so nobody's time ends there while we are away. Issue its script anew and paste it.` }
}

/** Who is only beyond the cut keeps what he has: he is not named, but he has access. */
async function sparing(changes: RouterChange[], { accesses, total, withAccess }: WantedUsers): Promise<RouterChange[]> {
  if (total <= accesses.length) return changes
  const named = new Set(accesses.map(({ username }) => username))
  const unnamed = (change: RouterChange): string | undefined => (change.do !== 'remove' || change.fields['name'] === undefined || named.has(change.fields['name']) ? undefined : change.fields['name'])
  const spared = new Set(await withAccess(changes.flatMap((change) => unnamed(change) ?? [])))
  return changes.filter((change) => !spared.has(unnamed(change) ?? ''))
}

function leftOut({ accesses, total }: WantedUsers): UsersOutcome['failure'] {
  if (total <= accesses.length) return null
  return { code: 'too-many-users', detail: `${total} have access, and only the first ${accesses.length} by username are kept on a router: ${total - accesses.length} are left as they are there, or are not there.` }
}

/** A login keeps the speed that it began with (S15 slows down who has used up his data): ended, its device comes back by its cookie. */
async function letComeBack(router: RouterConnection, change: RouterChange, users: readonly RouterRecord[], signal: AbortSignal): Promise<void> {
  if (change.do !== 'change' || !('profile' in change.fields)) return
  const name = users.find((user) => user['.id'] === change.id)?.['name']
  if (name !== undefined) await hotspotOf(router).end(name, null, { signal })
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

function usersOf(accesses: readonly HotspotAccess[], { users, lives, moment }: PresentUsers): Wanted {
  const presentAs = new Map(users.map(({ comment = '' }) => [whichUser(comment), comment]))
  return {
    kind: 'records',
    menu: USERS,
    mark: USER_MARK,
    keyOf: whichUser,
    records: accesses.map((access) => {
      const which = userComment(access.username, access.password)
      const present = presentAs.get(which)
      return {
        comment: `${which}${endOf(access.until, moment, present)}`,
        fields: {
          name: access.username,
          profile: profileOf(access),
          'limit-bytes-total': limitOf(access, lives.get(userRecordOf(which) ?? '') ?? 0),
          // Paid again since. Whom its owner has disabled stays so.
          ...(isEnded(present) ? { disabled: 'false' } : {}),
        },
        // The router does not show it again, so it cannot be compared: the comment says which one it is.
        onAdd: { password: access.password },
      }
    }),
  }
}

/**
 * RouterOS counts over the life of the record, so what is left is on top of what that has come to (S14: each term brings its own). While
 * the customer uses nothing elsewhere, both sides grow alike and nothing changes.
 */
function limitOf({ dataLeft }: HotspotAccess, life: number): string {
  // 0: no limit. Who has nothing left has reached a limit of one byte.
  return dataLeft === null ? '0' : String(Math.max(1, life + dataLeft))
}
