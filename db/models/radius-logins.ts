/** Logins over the API, by the same rules as FreeRADIUS's own queries: functions and views of schema `radius`. */
import type { Knex } from 'knex'

interface Attribute {
  attribute: string
  op: string
  value: string
}

interface Attempt {
  username: string
  station: string
  session: string
}

const ROWS = `
  select 'check' as list, id, attribute, op, value from radius.live_radcheck where username = :username
  union all
  select 'reply', id, attribute, op, value from radius.live_radreply where username = :username
  order by id`

const PASSWORD_OF_REFUSED = 'select radius.password_of_refused(:username) as answer'
const REFUSAL = 'select radius.refusal(:username, :station, :session) as answer'
const ADMIT = 'select radius.admit(:username, :station, :session, :at) as answer'
const REJECTED = 'select radius.note_rejected(:username, :station, :said, :at) as answer'

export function radiusLoginQueries(knex: Knex) {
  const one = async (text: string, attempt: object): Promise<string | null> => {
    const { rows } = await knex.raw<{ rows: { answer: string | null }[] }>(text, { ...attempt })
    return rows[0]?.answer ?? null
  }
  return {
    async find(username: string): Promise<{ check: Attribute[]; reply: Attribute[] } | undefined> {
      const { rows } = await knex.raw<{ rows: (Attribute & { list: 'check' | 'reply' })[] }>(ROWS, { username })
      const of = (wanted: 'check' | 'reply'): Attribute[] => rows.filter(({ list }) => list === wanted).map(({ attribute, op, value }) => ({ attribute, op, value }))
      const check = of('check')
      return check.length === 0 ? undefined : { check, reply: of('reply') }
    },
    async passwordOfRefused(username: string): Promise<string | undefined> {
      return (await one(PASSWORD_OF_REFUSED, { username })) ?? undefined
    },
    async refusal(attempt: Attempt): Promise<string | undefined> {
      return (await one(REFUSAL, attempt)) ?? undefined
    },
    async admit(attempt: Attempt, at: number): Promise<string | undefined> {
      const answer = await one(ADMIT, { ...attempt, at: new Date(at) })
      return answer === 'ok' ? undefined : (answer ?? '')
    },
    async noteRejected({ username, station }: Attempt, said: string, at: number): Promise<void> {
      await one(REJECTED, { username, station, said, at: new Date(at) })
    },
  }
}
