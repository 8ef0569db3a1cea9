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

/** Decides, and writes it down as FreeRADIUS's own queries do (`radpostauth`), in one statement: support sees both ways of asking alike. */
const noted = (decision: string, isNoted: string, reply: string): string => `
  with decided as materialized (select ${decision} as answer),
    noted as (insert into radius.radpostauth (username, reply, callingstationid) select :username, ${reply}, :station from decided where ${isNoted})
  select answer from decided`

const REFUSAL = noted('radius.refusal(:username, :station, :session)', 'answer is not null', `'Access-Reject'`)
const ADMIT = noted('radius.admit(:username, :station, :session)', 'true', `case answer when 'ok' then 'Access-Accept' else 'Access-Reject' end`)

export function radiusLoginQueries(knex: Knex) {
  const one = async (text: string, attempt: Attempt): Promise<string | null> => {
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
    async refusal(attempt: Attempt): Promise<string | undefined> {
      return (await one(REFUSAL, attempt)) ?? undefined
    },
    async admit(attempt: Attempt): Promise<string | undefined> {
      const answer = await one(ADMIT, attempt)
      return answer === 'ok' ? undefined : (answer ?? '')
    },
  }
}
