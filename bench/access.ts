/** Watches from outside when a person can log in: when the login stands in the table that RADIUS reads. */
import pg from 'pg'

const LOOK_MS = 10
/** Ids are given out before the commit, so a lower one may show up this much later than a higher one. */
const OVERTAKING_MS = 250

export interface AccessWatch {
  /** By payment: when its login was first seen (`performance.now()`). */
  stop(): Promise<Map<string, number>>
  seen(): number
}

/** Of logins that come from now on. */
export async function watchAccess(url: string): Promise<AccessWatch> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const seenAt = new Map<string, number>()
  /** The highest id known at a moment, oldest first. */
  const before = await client.query<{ id: number }>('select coalesce(max(id), 0) as id from radius.radcheck')
  const heights: { at: number; id: number }[] = [{ at: 0, id: before.rows[0]?.id ?? 0 }]
  let stopped = false

  async function look(): Promise<void> {
    while (heights.length > 1 && (heights[1]?.at ?? 0) < performance.now() - OVERTAKING_MS) heights.shift()
    const { rows } = await client.query<{ id: number; username: string }>({
      name: 'logins',
      text: `select id, username from radius.radcheck where id > $1 and attribute = 'Cleartext-Password' order by id`,
      values: [heights[0]?.id ?? 0],
    })
    const at = performance.now()
    for (const { username } of rows) if (!seenAt.has(username)) seenAt.set(username, at)
    const last = rows.at(-1)
    if (last !== undefined) heights.push({ at, id: last.id })
  }

  const looking = (async () => {
    while (!stopped) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  })()

  return {
    seen: () => seenAt.size,
    async stop() {
      stopped = true
      await looking
      const { rows } = await client.query<{ value: string; id: string }>(`select value, id from standing.identifiers where kind = 'username' and type = 'hotspot-session'`)
      await client.end()
      // A session has the id of the payment that it was bought with.
      return new Map(rows.flatMap(({ value, id }) => {
        const at = seenAt.get(value)
        return at === undefined ? [] : [[id, at] as const]
      }))
    },
  }
}
