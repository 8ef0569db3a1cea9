/** Who is logged in where, and how that router is reached: accounting and `radius.nas`. */
import type { Knex } from 'knex'

/** A login that we have only supposed closed is worth asking for so long. */
const SUPPOSED = `interval '1 day'`

const LOGINS = `
  select r.radacctid, r.acctsessionid, host(r.nasipaddress) as nas, host(r.framedipaddress) as ip, r.acctstoptime is not null as supposed,
    n.nasname, n.secret, n.coa_port, o.tenant, o.id as router_id, o.api_url, o.secret_version
  -- Of a user that a router keeps itself its RADIUS client knows nothing: to ask there would be told that he is gone.
  from radius.radacct r left join lateral (select * from radius.nas n where n.nasname = host(r.nasipaddress) order by n.id desc limit 1) n on r.acctauthentic is distinct from 'Local'
  -- One that its own looks take for down is not asked there where RADIUS leads to it, too: they are what tells when it is back.
  left join business.routers o on o.tunnel_address = host(r.nasipaddress) and o.secret_version is not null and (o.state <> 'offline' or r.acctauthentic = 'Local')
  where r.username = ? and (r.acctstoptime is null or r.acctterminatecause = 'Stale-Session' and r.acctstoptime > now() - ${SUPPOSED})
  order by r.radacctid`

interface LoginRow {
  radacctid: string | number
  acctsessionid: string
  nas: string
  ip: string | null
  supposed: boolean
  nasname: string | null
  secret: string
  coa_port: number | null
  tenant: string
  router_id: string
  api_url: string | null
  secret_version: number
}

export function liveLoginQueries(knex: Knex) {
  return {
    async of(username: string) {
      const { rows } = await knex.raw<{ rows: LoginRow[] }>(LOGINS, [username])
      return rows.map(({ radacctid, acctsessionid, nas, ip, supposed, nasname, secret, coa_port: port, ...router }) => ({
        recordId: String(radacctid),
        acctSessionId: acctsessionid,
        nasAddress: nas,
        framedIp: ip,
        isSupposedClosed: supposed,
        nas: nasname === null ? null : { host: nasname, secret, ...(port === null ? {} : { port }) },
        rest: router.api_url === null ? null : { router: { tenant: router.tenant, type: 'router', id: router.router_id }, apiUrl: router.api_url, secretVersion: router.secret_version },
      }))
    },
    /** Not of a router's own users: its looks settle what those have used, and close them. */
    async closeGone(recordIds: readonly string[]): Promise<void> {
      await knex.raw(
        `update radius.radacct set acctstoptime = coalesce(acctstoptime, acctupdatetime, acctstarttime, now()), acctterminatecause = 'Lost-Carrier' where radacctid = any (?::bigint[]) and acctauthentic is distinct from 'Local'`,
        [[...recordIds]],
      )
    },
  }
}
