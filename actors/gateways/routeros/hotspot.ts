/** Who is logged in at a router's hotspot (`/ip/hotspot/active`), and whom it lets in again without asking (`/ip/hotspot/cookie`). */
import type { RouterCallOptions, RouterConnection, RouterRecord } from './port.ts'

const ACTIVE = '/ip/hotspot/active'
const COOKIES = '/ip/hotspot/cookie'

export interface Hotspot {
  /** Usernames, each once. */
  users(options?: RouterCallOptions): Promise<string[]>
  /** Its device must show the password again. Both kinds of cookie (`cookie`, `mac-cookie`) stand in one menu. */
  forget(username: string, options?: RouterCallOptions): Promise<void>
  /**
   * Ends the logins of this username; of its one address, if that is given.
   *
   * @returns how many there were
   */
  end(username: string, ip: string | null, options?: RouterCallOptions): Promise<number>
}

/** All of it throws what the connection throws. What is gone already counts as removed. */
export function hotspotOf(router: RouterConnection): Hotspot {
  async function removeAll(menu: string, fits: (record: RouterRecord) => boolean, options: RouterCallOptions | undefined): Promise<number> {
    const records = (await router.list(menu, options)).filter(fits)
    for (const { '.id': id = '' } of records) await router.remove(menu, id, options)
    return records.length
  }
  return {
    async users(options) {
      const names = (await router.list(ACTIVE, options)).flatMap(({ user }) => (user === undefined || user === '' ? [] : [user]))
      return [...new Set(names)]
    },
    forget: async (username, options) => void (await removeAll(COOKIES, ({ user }) => user === username, options)),
    end: (username, ip, options) => removeAll(ACTIVE, ({ user, address }) => user === username && (ip === null || address === undefined || address === ip), options),
  }
}
