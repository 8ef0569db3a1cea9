/** What must hold at the end, asked of the database and the broker. */
import pg from 'pg'
import { AckPolicy, connect, DeliverPolicy } from '../support/nats-client.ts'

export interface Finding {
  what: string
  count: number
  /** How many would be right. */
  expected: number
}

interface Count {
  count: string
}

const WRONG = {
  'events that are in the journal more than once': `select count(*) from (select from standing.journal where event_type = 'bead.push' group by event_id having count(*) > 1) d`,
  "pushes out of their sender's order": `select count(*) from (select (event::json ->> 'n')::int as n, lag((event::json ->> 'n')::int) over (partition by type, id, event::json ->> 'sender' order by seq) as before
     from standing.journal where event_type = 'bead.push') o where before >= n`,
  "echoes out of their sender's order": `select count(*) from (select (event::json ->> 'n')::int as n, lag((event::json ->> 'n')::int) over (partition by type, id, source order by seq) as before
     from standing.journal where event_type = 'bead.echo') o where before >= n`,
  'events set aside': 'select count(*) from standing.parked',
  'messages not sent': 'select count(*) from standing.outbox',
  'effects not done': 'select count(*) from standing.effects',
  'beads that did not cool': `select count(*) from standing.actors where type = 'bead' and states <> '{cold}'`,
  'effect keys that ran and are in no journal': `select count(*) from (select distinct key from soak_notes) n where not exists (
     select from standing.journal j where j.tenant || '/' || j.type || '/' || j.id || '/' || j.seq = regexp_replace(n.key, '/[0-9]+$', '') and j.effects like '%' || n.key || '%')`,
} as const

/** Every line is wrong when its two numbers differ. */
export async function verdict(databaseUrl: string, natsUrl: string, answered: readonly string[]): Promise<Finding[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const count = async (text: string, values: unknown[] = []): Promise<number> => Number((await client.query<Count>(text, values)).rows[0]?.count)
    const pushes = await count(`select count(*) from standing.journal where event_type = 'bead.push'`)
    const found = await count(`select count(*) from standing.journal where event_type = 'bead.push' and event_id = any ($1::text[])`, [answered])
    const facts = await client.query<{ key: string }>('select f ->> \'key\' as key from standing.journal j, json_array_elements(j.facts::json) f')
    const published = await factIds(natsUrl)
    const wrong: Finding[] = []
    for (const [what, text] of Object.entries(WRONG)) wrong.push({ what, count: await count(text), expected: 0 })
    return [
      { what: 'answered events in exactly one journal row', count: found, expected: answered.length },
      { what: 'echoes of pushes', count: await count(`select count(*) from standing.journal where event_type = 'bead.echo'`), expected: pushes },
      { what: 'effect keys that ran', count: await count('select count(distinct key) from soak_notes'), expected: pushes },
      { what: 'facts in the facts stream', count: facts.rows.filter(({ key }) => published.has(key)).length, expected: facts.rows.length },
      ...wrong,
    ]
  } finally {
    await client.end()
  }
}

/** Rows that something still works on; 0 when all is quiet. */
export async function restless(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<Count>(`select (select count(*) from standing.outbox) + (select count(*) from standing.effects where status <> 'failed') + (select count(*) from standing.timers)
      + (select count(*) from standing.parked where kind = 'waiting') + (select (select count(*) from standing.journal where event_type = 'bead.push') - (select count(*) from standing.journal where event_type = 'bead.echo')) as count`)
    return Number(rows[0]?.count)
  } finally {
    await client.end()
  }
}

async function factIds(url: string): Promise<Set<string>> {
  const nc = await connect({ servers: url })
  try {
    const jsm = await nc.jetstreamManager()
    await jsm.consumers.add('STANDING_FACTS', { durable_name: 'verdict', ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.All })
    const consumer = await nc.jetstream().consumers.get('STANDING_FACTS', 'verdict')
    let { num_pending: pending } = await consumer.info()
    const ids = new Set<string>()
    while (pending > 0) {
      for await (const message of await consumer.fetch({ max_messages: Math.min(pending, 5_000), expires: 5_000 })) {
        ids.add(message.headers?.get('ce-id') ?? '')
        pending--
      }
    }
    return ids
  } finally {
    await nc.close()
  }
}
