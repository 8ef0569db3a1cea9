import type { LiveAccessParts } from '../../actors/live-access/apply.ts'

/** No login is under way anywhere, so no router is asked. */
export function nobodyOnline(): LiveAccessParts {
  const refuse = (): never => {
    throw new Error('no router should be asked')
  }
  return { radius: { disconnect: refuse, changeAuthorization: refuse }, logins: { of: async () => [], closeGone: async () => undefined } }
}
