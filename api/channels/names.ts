/** The channels there are (contract.md §3). A name of any other form is nobody's. */

export const STATS_CHANNEL = 'private-dashboard-stats'

/** What may be heard without saying who one is: nothing personal, nothing that opens a door. */
export const PUBLIC_CHANNELS = ['payments', 'hotspot-users'] as const

export type Channel =
  | { kind: 'public' }
  | { kind: 'stats' }
  | { kind: 'user'; id: string }
  | { kind: 'actor'; type: string; id: string }

const USER = /^private-user\.([A-Za-z0-9_-]{1,64})$/
const ACTOR = /^private-actor\.([a-z][a-z0-9-]{0,63})\.([A-Za-z0-9_-]{1,64})$/

export function parseChannel(name: string): Channel | undefined {
  if ((PUBLIC_CHANNELS as readonly string[]).includes(name)) return { kind: 'public' }
  if (name === STATS_CHANNEL) return { kind: 'stats' }
  const [, user] = USER.exec(name) ?? []
  if (user !== undefined) return { kind: 'user', id: user }
  const [, type, id] = ACTOR.exec(name) ?? []
  return type === undefined || id === undefined ? undefined : { kind: 'actor', type, id }
}

export function userChannel(id: string): string {
  return `private-user.${id}`
}

export function actorChannel({ type, id }: { type: string; id: string }): string {
  return `private-actor.${type}.${id}`
}
