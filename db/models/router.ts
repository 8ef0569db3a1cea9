/**
 * Routers beside their actors: the list and the outages, which projections keep, and the cache of what routers last said. The cache is
 * written by hand in one statement each, for looks and heartbeats come by the thousand.
 */
import type { Knex } from 'knex'
import { Model } from 'objection'

interface Router {
  tenant: string
  id: string
}

class RouterModel extends Model {
  static override readonly tableName = 'business.routers'
  static override readonly idColumn = ['tenant', 'id']

  declare tenant: string
  declare id: string
  declare name: string
  declare tunnel_address: string
  declare public_key: string | null
}

class RouterNameModel extends Model {
  static override readonly tableName = 'business.router_names'
  static override readonly idColumn = ['tenant', 'name_key']

  declare router_id: string
}

class RouterOutageModel extends Model {
  static override readonly tableName = 'business.router_outages'
  static override readonly idColumn = ['tenant', 'router_id', 'since']

  declare tenant: string
  declare router_id: string
  declare since: Date
  declare closed_at: Date | null
}

class RouterLiveModel extends Model {
  static override readonly tableName = 'business.router_live'
  static override readonly idColumn = ['tenant', 'router_id']

  declare reading: Record<string, string | number | null> | null
  declare read_at: Date | null
  declare heartbeat: Record<string, string | number | null> | null
  declare heard_at: Date | null
}

class AccessPointModel extends Model {
  static override readonly tableName = 'business.access_points'
  static override readonly idColumn = ['tenant', 'router_id', 'mac']

  declare tenant: string
  declare router_id: string
  declare mac: string
  declare name: string | null
  declare board: string | null
  declare version: string | null
  declare address: string | null
  declare port: string | null
  declare clients: number
  declare first_seen_at: Date
  declare last_seen_at: Date
}

class AccountingModel extends Model {
  static override readonly tableName = 'radius.radacct'
  static override readonly idColumn = 'radacctid'

  declare acctsessionid: string
  declare username: string | null
  declare nasipaddress: string
  declare framedipaddress: string | null
  declare callingstationid: string | null
  declare acctstarttime: Date | null
  declare acctstoptime: Date | null
}

export interface AccessPoint {
  mac: string
  name: string | null
  board: string | null
  version: string | null
  address: string | null
  port: string | null
  clients: number
}

/** A radio that was not announced for this long is gone. */
const ACCESS_POINT_KEPT_MS = 10 * 60_000

const SAVE_ACCESS_POINTS = `
  insert into business.access_points (tenant, router_id, mac, name, board, version, address, port, clients, first_seen_at, last_seen_at)
  select :tenant, :id, a.mac, a.name, a.board, a.version, a.address, a.port, a.clients, :at, :at
  from json_to_recordset(:seen::json) as a(mac text, name text, board text, version text, address text, port text, clients integer)
  on conflict (tenant, router_id, mac) do update set name = excluded.name, board = excluded.board, version = excluded.version,
    address = excluded.address, port = excluded.port, clients = excluded.clients, last_seen_at = excluded.last_seen_at`

const WITHOUT_ACCESS = `
  select distinct i.value as username from standing.identifiers i
  where i.tenant = ? and i.value = any (?::text[]) and (i.type, i.kind) in (('hotspot-session', 'username'), ('subscription', 'account'))
    and not exists (select from radius.radcheck c where c.username = i.value)
  order by 1`

const ACCESSES = `
  select count(*) over () as total, a.username, c.value as password, a.devices, case when a.data_bytes is not null then greatest(0, a.data_bytes - radius.bytes_used(a.username)) end as data_left, r.value as rate,
    case when e.value ~ '^[0-9]+$' then e.value::bigint * 1000 end as until
  from radius.access a join radius.radcheck c on c.username = a.username and c.attribute = 'Cleartext-Password'
    left join radius.radreply r on r.username = a.username and r.attribute = 'Mikrotik-Rate-Limit'
    -- In seconds since the epoch (docs/adr/0007).
    left join radius.radcheck e on e.username = a.username and e.attribute = 'Expiration'
  where a.tenant = ? order by a.username limit ?`

const WITH_ACCESS = `
  select a.username from radius.access a
  where a.tenant = ? and a.username = any (?::text[]) and exists (select from radius.radcheck c where c.username = a.username and c.attribute = 'Cleartext-Password')`

interface AccessRow {
  total: string | number
  username: string
  password: string
  devices: number
  data_left: string | number | null
  rate: string | null
  until: string | number | null
}

const PROVISIONED = `
  with ours as (select distinct tenant from business.routers where provisioning = 'rest' and secret_version is not null and state <> 'offline'),
    marks as (
      select o.tenant,
        -- What an access allows is changed without its rows: a new term has data again (S14).
        (select concat(count(*), '.', sum(a.data_bytes), '.', sum(a.devices)) from radius.access a where a.tenant = o.tenant) as allowed,
        (select concat(count(*), '.', max(c.id)) from radius.access a join radius.radcheck c on c.username = a.username where a.tenant = o.tenant) as checks,
        (select concat(count(*), '.', max(r.id)) from radius.access a join radius.radreply r on r.username = a.username where a.tenant = o.tenant) as replies
      from ours o
    )
  select r.tenant, r.id, concat(m.checks, '/', m.replies, '/', m.allowed) as mark from business.routers r join marks m on m.tenant = r.tenant
  where r.provisioning = 'rest' and r.secret_version is not null and r.state <> 'offline'`

export function routerQueries(knex: Knex) {
  const liveOf = ({ tenant, id }: Router) => RouterLiveModel.query(knex).findById([tenant, id])

  async function saveLive({ tenant, id }: Router, columns: 'reading, read_at' | 'heartbeat, heard_at', value: object, at: number): Promise<void> {
    const [json = '', instant = ''] = columns.split(', ')
    await knex.raw(
      `insert into business.router_live (tenant, router_id, ${columns}) values (?, ?, ?::json, ?)
       on conflict (tenant, router_id) do update set ${json} = excluded.${json}, ${instant} = excluded.${instant}`,
      [tenant, id, JSON.stringify(value), new Date(at).toISOString()],
    )
  }

  return {
    /** @param nameKey see actors/router/name-key.ts */
    async named(tenant: string, nameKey: string): Promise<string | undefined> {
      return (await RouterNameModel.query(knex).findById([tenant, nameKey]))?.router_id
    },
    async heardAt(router: Router): Promise<number | null> {
      return (await liveOf(router))?.heard_at?.getTime() ?? null
    },
    saveReading: (router: Router, reading: object, at: number) => saveLive(router, 'reading, read_at', reading, at),
    saveHeartbeat: (router: Router, heartbeat: object, at: number) => saveLive(router, 'heartbeat, heard_at', heartbeat, at),
    /** Those of these usernames that are ours and may not be online (any more); what we do not know is not ours to judge. */
    async withoutAccess({ tenant }: Router, usernames: readonly string[]): Promise<string[]> {
      const { rows } = await knex.raw<{ rows: { username: string }[] }>(WITHOUT_ACCESS, [tenant, [...usernames]])
      return rows.map(({ username }) => username)
    },
    /** Who may log in somewhere, of the router's tenant; so many at most, by username. */
    async accesses({ tenant }: Router, limit: number) {
      const { rows } = await knex.raw<{ rows: AccessRow[] }>(ACCESSES, [tenant, limit])
      const accesses = rows.map(({ username, password, devices, data_left: left, rate, until }) => ({ username, password, devices, rateLimit: rate, dataLeft: left === null ? null : Number(left), until: until === null ? null : Number(until) }))
      return { accesses, total: Number(rows[0]?.total ?? 0) }
    },
    async withAccess({ tenant }: Router, usernames: readonly string[]): Promise<string[]> {
      const { rows } = await knex.raw<{ rows: { username: string }[] }>(WITH_ACCESS, [tenant, [...usernames]])
      return rows.map(({ username }) => username)
    },
    /** Routers whose users we keep, each with a mark that differs when the accesses of its tenant do: rows of RADIUS are never changed, only replaced. */
    async provisioned() {
      const { rows } = await knex.raw<{ rows: { tenant: string; id: string; mark: string }[] }>(PROVISIONED)
      return rows
    },
    /** Those that were seen lately, these among them. */
    async saveAccessPoints({ tenant, id }: Router, seen: readonly AccessPoint[], at: number): Promise<string[]> {
      if (seen.length > 0) await knex.raw(SAVE_ACCESS_POINTS, { tenant, id, at: new Date(at).toISOString(), seen: JSON.stringify(seen) })
      const rows = await AccessPointModel.query(knex).select('mac').where({ tenant, router_id: id }).where('last_seen_at', '>', new Date(at - ACCESS_POINT_KEPT_MS)).orderBy('mac')
      return rows.map(({ mac }) => mac)
    },
    async live(router: Router) {
      const row = await liveOf(router)
      return { reading: row?.reading ?? null, readAt: row?.read_at?.getTime() ?? null, heartbeat: row?.heartbeat ?? null, heardAt: row?.heard_at?.getTime() ?? null }
    },
    async accessPoints({ tenant, id }: Router) {
      const rows = await AccessPointModel.query(knex).where({ tenant, router_id: id }).orderBy(['name', 'mac'])
      return rows.map(({ mac, name, board, version, address, port, clients, first_seen_at, last_seen_at }) => ({
        mac, name, board, version, address, port, clients, firstSeenAt: first_seen_at.getTime(), lastSeenAt: last_seen_at.getTime(),
      }))
    },
    /** Newest first. */
    async outages({ tenant, id }: Router, since: number) {
      const rows = await RouterOutageModel.query(knex)
        .where({ tenant, router_id: id })
        .where((open) => void open.whereNull('closed_at').orWhere('closed_at', '>=', new Date(since)))
        .orderBy('since', 'desc')
        .limit(1_000)
      return rows.map((row) => ({ since: row.since.getTime(), until: row.closed_at?.getTime() ?? null }))
    },
    /** Those whose end of the tunnel is known; of all tenants unless said. */
    async peers(tenant?: string) {
      const rows = await RouterModel.query(knex).where(tenant === undefined ? {} : { tenant }).whereNotNull('public_key').orderBy('id')
      return rows.map((row) => ({ id: row.id, name: row.name, address: row.tunnel_address, publicKey: row.public_key ?? '' }))
    },
    /**
     * Who is logged in there, by accounting; the newest first, so many at most. Of users that it keeps itself those of the last look, however
     * long it has been away since.
     */
    async openSessions({ tenant, id }: Router, address: string, limit: number) {
      const rows = await AccountingModel.query(knex)
        .whereRaw('nasipaddress = ?::inet', [address])
        .where((open) => void open.whereNull('acctstoptime').orWhereRaw(
          `acctauthentic = 'Local' and acctterminatecause = 'Stale-Session' and acctupdatetime >= (select counted_at from business.router_counts where tenant = ? and router_id = ?)`, [tenant, id],
        ))
        .orderBy('acctstarttime', 'desc')
        .limit(limit)
      return rows.map((row) => ({
        acctSessionId: row.acctsessionid,
        username: row.username ?? '',
        address: row.framedipaddress,
        mac: row.callingstationid,
        since: row.acctstarttime?.getTime() ?? null,
      }))
    },
  }
}
