/**
 * Accounting over the API, written as FreeRADIUS 3.2 writes it itself (mods-config/sql/main/postgresql/queries.conf): the triggers of
 * `radius.radacct` then see the same from both. And what of it the actors have still to be told.
 */
import type { Knex } from 'knex'

interface Accounting {
  kind: 'start' | 'interim' | 'stop'
  uniqueId: string
  sessionId: string
  username: string
  nasAddress: string
  nasPortId: string | null
  nasPortType: string
  at: number
  sessionSeconds: number | null
  inputOctets: string
  outputOctets: string
  calledStationId: string
  callingStationId: string
  terminateCause: string
  framedIp: string | null
}

interface Change {
  username: string
  version: number
  isRouterBack: boolean
  about: { tenant: string; type: string; id: string } | undefined
  online: { id: string; device: string | null; nas: string; ip: string | null; since: number }[]
  uploadBytes: number
  downloadBytes: number
  logins: number
}

/** Whoever took a change and died leaves it to others after this. */
const CLAIM = `interval '10 seconds'`
/** More logins at once than any package allows are told of no further. */
const ONLINE_MAX = 100

const CHANGES = `
  with claimed as (
    update radius.accounting_changes set due_at = now() + ${CLAIM}
    where username in (select username from radius.accounting_changes where version > told and due_at <= now() order by due_at limit ? for update skip locked)
    returning username, version, back_version > told as router_back
  )
  select c.username, c.version, c.router_back, a.tenant, a.actor_type, a.actor_id, u.upload, u.download, u.logins, u.online
  from claimed c left join radius.access a on a.username = c.username cross join lateral (
    select coalesce(sum(r.acctinputoctets), 0) as upload, coalesce(sum(r.acctoutputoctets), 0) as download, count(*) as logins,
      coalesce(json_agg(json_build_object('id', r.acctsessionid, 'device', radius.device_of(r.callingstationid), 'nas', host(r.nasipaddress),
        'ip', host(r.framedipaddress), 'since', floor(extract(epoch from r.acctstarttime) * 1000)) order by r.radacctid desc) filter (where r.acctstoptime is null), '[]') as online
    from radius.radacct r where r.username = c.username
  ) u`

interface ChangeRow {
  username: string
  version: string | number
  router_back: boolean
  tenant: string | null
  actor_type: string
  actor_id: string
  upload: string | number
  download: string | number
  logins: string | number
  online: Change['online']
}

export function radiusAccountingQueries(knex: Knex) {
  const open = (uniqueId: string) => knex('radius.radacct').where({ acctuniqueid: uniqueId }).whereNull('acctstoptime')
  const writes = {
    async start(record: Accounting): Promise<void> {
      const times = { acctstarttime: new Date(record.at), acctupdatetime: new Date(record.at) }
      const row = { ...columnsOf(record), ...times, acctsessiontime: 0, acctinputoctets: 0, acctoutputoctets: 0 }
      const written = await knex('radius.radacct').insert(row).onConflict('acctuniqueid').merge(times).whereNull('radacct.acctstoptime').returning('radacctid')
      if (written.length === 0) await knex('radius.radacct').where({ acctuniqueid: record.uniqueId }).update(times)
    },
    async interim(record: Accounting): Promise<void> {
      const counted = { framedipaddress: record.framedIp, ...countersOf(record), acctupdatetime: new Date(record.at) }
      if ((await open(record.uniqueId).update(counted)) > 0) return
      await knex('radius.radacct').insert({ ...columnsOf(record), ...counted, acctstarttime: new Date(record.at) }).onConflict('acctuniqueid').ignore()
    },
    async stop(record: Accounting): Promise<void> {
      const at = new Date(record.at)
      const ended = { framedipaddress: record.framedIp, ...countersOf(record), acctstoptime: at, acctupdatetime: at, acctterminatecause: record.terminateCause }
      if ((await open(record.uniqueId).update(ended)) > 0) return
      const acctstarttime = new Date(record.at - (record.sessionSeconds ?? 0) * 1_000)
      const added = await knex('radius.radacct').insert({ ...columnsOf(record), ...ended, acctstarttime }).onConflict('acctuniqueid').ignore().returning('radacctid')
      if (added.length === 0) await knex('radius.radacct').where({ acctuniqueid: record.uniqueId }).update(ended)
    },
  }
  return {
    async record(record: Accounting): Promise<void> {
      await writes[record.kind](record)
    },
    async closeAll({ nasAddress, at, cause }: { nasAddress: string; at: number; cause: string }): Promise<void> {
      await knex('radius.radacct')
        .where({ nasipaddress: nasAddress })
        .whereNull('acctstoptime')
        .where('acctstarttime', '<=', new Date(at))
        .update({ acctstoptime: new Date(at), acctupdatetime: new Date(at), acctsessiontime: knex.raw('extract(epoch from ? - acctstarttime)::bigint', [new Date(at)]), acctterminatecause: cause })
    },
    async changes(limit: number): Promise<Change[]> {
      const { rows } = await knex.raw<{ rows: ChangeRow[] }>(CHANGES, [limit])
      return rows.map(({ username, version, router_back: isRouterBack, tenant, actor_type: type, actor_id: id, upload, download, logins, online }) => ({
        username,
        version: Number(version),
        isRouterBack,
        about: tenant === null ? undefined : { tenant, type, id },
        online: online.slice(0, ONLINE_MAX),
        uploadBytes: Number(upload),
        downloadBytes: Number(download),
        logins: Number(logins),
      }))
    },
    async markTold(changes: readonly { username: string; version: number }[]): Promise<void> {
      if (changes.length === 0) return
      await knex.raw(
        `update radius.accounting_changes c set told = greatest(c.told, t.version) from unnest(?::text[], ?::bigint[]) as t(username, version) where c.username = t.username`,
        [changes.map(({ username }) => username), changes.map(({ version }) => version)],
      )
    },
    async askAgain(): Promise<number> {
      const { rows } = await knex.raw<{ rows: { count: string | number }[] }>('select radius.ask_again_of_routers_back() as count')
      return Number(rows[0]?.count ?? 0)
    },
    async closeStale(silentForMs: number, at: number): Promise<number> {
      const { rows } = await knex.raw<{ rows: { count: string | number }[] }>('select radius.close_stale(make_interval(secs => ?), ?) as count', [silentForMs / 1_000, new Date(at)])
      return Number(rows[0]?.count ?? 0)
    },
  }
}

function columnsOf(record: Accounting) {
  return {
    acctsessionid: record.sessionId,
    acctuniqueid: record.uniqueId,
    username: record.username,
    nasipaddress: record.nasAddress,
    nasportid: record.nasPortId,
    nasporttype: record.nasPortType,
    calledstationid: record.calledStationId,
    callingstationid: record.callingStationId,
    framedipaddress: record.framedIp,
  }
}

function countersOf({ sessionSeconds, inputOctets, outputOctets }: Accounting) {
  return { acctsessiontime: sessionSeconds, acctinputoctets: inputOctets, acctoutputoctets: outputOctets }
}
