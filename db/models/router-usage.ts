/**
 * What the users of a router that keeps them itself have used: its counters as of the last look, and its logins in the accounting that
 * RADIUS writes, too. `acctauthentic` tells the two apart: `Local` is RADIUS's word for users of the router's own.
 */
import type { Knex } from 'knex'

interface Router {
  tenant: string
  id: string
}

interface Bytes {
  upload: number
  download: number
}

interface CountedRecord {
  record: string
  counters: Bytes
  owed: Bytes
}

interface CountedLogin extends Bytes {
  id: string
  record: string
  username: string
  mac: string | null
  ip: string | null
  seconds: number
}

/** What only we have supposed closed, or a reboot, may go on. */
const NOT_KNOWN_TO_BE_OVER = `acctauthentic = 'Local' and (acctstoptime is null or acctterminatecause in ('Stale-Session', 'NAS-Reboot'))`

const LOGINS = `
  select r.acctuniqueid, r.username, r.callingstationid as mac, host(r.framedipaddress) as ip, r.acctsessiontime as seconds, r.acctinputoctets as upload, r.acctoutputoctets as download
  from business.routers o join radius.radacct r on r.nasipaddress = o.tunnel_address::inet
  where o.tenant = :tenant and o.id = :id and ${NOT_KNOWN_TO_BE_OVER} and starts_with(r.acctuniqueid, :prefix)
  order by r.radacctid`

interface LoginRow {
  acctuniqueid: string
  username: string
  mac: string | null
  ip: string | null
  seconds: string | number | null
  upload: string | number | null
  download: string | number | null
}

interface RecordRow {
  record: string
  upload: string | number
  download: string | number
  owed_upload: string | number
  owed_download: string | number
}

/** None: another look was saved in between, or the first one was. */
const NEXT_REVISION = `
  insert into business.router_counts as c (tenant, router_id, revision, counted_at) values (:tenant, :id, 1, :at)
  on conflict (tenant, router_id) do update set revision = c.revision + 1, counted_at = excluded.counted_at where c.revision = :revision
  returning revision`

const SAVE_RECORDS = `
  with seen as (select * from json_to_recordset(:records::json) as s(record text, upload bigint, download bigint, owed_upload bigint, owed_download bigint)),
    gone as (delete from business.router_users u where u.tenant = :tenant and u.router_id = :id and u.record not in (select record from seen))
  insert into business.router_users (tenant, router_id, record, upload, download, owed_upload, owed_download)
  select :tenant, :id, record, upload, download, owed_upload, owed_download from seen
  on conflict (tenant, router_id, record) do update set upload = excluded.upload, download = excluded.download, owed_upload = excluded.owed_upload, owed_download = excluded.owed_download`

/** An end is dated to when it was last seen: it has ended since, and nobody knows when. */
const SAVE_LOGINS = `
  insert into radius.radacct as r (acctuniqueid, acctsessionid, username, nasipaddress, acctauthentic, acctstarttime, acctupdatetime, acctstoptime, acctsessiontime, acctinputoctets, acctoutputoctets, callingstationid, framedipaddress, acctterminatecause)
  select :prefix || l.record || '/' || l.id, l.id, l.username, o.tunnel_address::inet, 'Local', :at, :at, case when l."isOver" then :at::timestamptz end, l.seconds, l.upload, l.download, l.mac, l.ip::inet, case when l."isOver" then 'Lost-Carrier' end
  from json_to_recordset(:logins::json) as l(id text, record text, username text, mac text, ip text, seconds bigint, upload bigint, download bigint, "isOver" boolean)
    join business.routers o on o.tenant = :tenant and o.id = :id
  on conflict (acctuniqueid) do update set acctsessiontime = excluded.acctsessiontime, acctinputoctets = excluded.acctinputoctets, acctoutputoctets = excluded.acctoutputoctets, framedipaddress = excluded.framedipaddress,
    acctupdatetime = case when excluded.acctstoptime is null then excluded.acctupdatetime else r.acctupdatetime end,
    acctstoptime = case when excluded.acctstoptime is not null then coalesce(r.acctstoptime, r.acctupdatetime, excluded.acctstoptime) end,
    acctterminatecause = excluded.acctterminatecause`

export function routerUsageQueries(knex: Knex) {
  const prefixOf = ({ tenant, id }: Router): string => `rest:${tenant}/${id}/`
  return {
    async counted(router: Router): Promise<{ revision: number; records: CountedRecord[]; logins: CountedLogin[] }> {
      const { tenant, id } = router
      const prefix = prefixOf(router)
      // The revision first: what is read after it may be newer, and is then not saved by it.
      const [counts] = await knex('business.router_counts').where({ tenant, router_id: id }).select<{ revision: string | number }[]>('revision')
      const records = (await knex('business.router_users').where({ tenant, router_id: id })) as RecordRow[]
      const { rows } = await knex.raw<{ rows: LoginRow[] }>(LOGINS, { tenant, id, prefix })
      return {
        revision: Number(counts?.revision ?? 0),
        records: records.map((row) => ({ record: row.record, counters: { upload: Number(row.upload), download: Number(row.download) }, owed: { upload: Number(row.owed_upload), download: Number(row.owed_download) } })),
        logins: rows.map(({ acctuniqueid, username, mac, ip, seconds, upload, download }) => {
          const name = acctuniqueid.slice(prefix.length)
          const end = name.lastIndexOf('/')
          return { id: name.slice(end + 1), record: name.slice(0, end), username, mac, ip, seconds: Number(seconds ?? 0), upload: Number(upload ?? 0), download: Number(download ?? 0) }
        }),
      }
    },
    /** When its logins were last read; null: never. */
    async countedAt({ tenant, id }: Router): Promise<number | null> {
      const [counts] = await knex('business.router_counts').where({ tenant, router_id: id }).select<{ counted_at: Date }[]>('counted_at')
      return counts?.counted_at.getTime() ?? null
    },
    async saveUsage(router: Router, revision: number, { records, logins }: { records: readonly CountedRecord[]; logins: readonly (CountedLogin & { isOver: boolean })[] }, at: number): Promise<void> {
      const { tenant, id } = router
      const instant = new Date(at).toISOString()
      await knex.transaction(async (transaction) => {
        const saved = await transaction.raw<{ rows: unknown[] }>(NEXT_REVISION, { tenant, id, revision, at: instant })
        if (saved.rows.length === 0) return
        const rows = records.map(({ record, counters, owed }) => ({ record, upload: counters.upload, download: counters.download, owed_upload: owed.upload, owed_download: owed.download }))
        await transaction.raw(SAVE_RECORDS, { tenant, id, records: JSON.stringify(rows) })
        if (logins.length > 0) await transaction.raw(SAVE_LOGINS, { tenant, id, prefix: prefixOf(router), at: instant, logins: JSON.stringify(logins) })
      })
    },
  }
}
