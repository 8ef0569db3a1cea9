/** What RADIUS wrote down of a username: who tried to log in, and the logins with their use. Never the password that was tried. */
import type { Knex } from 'knex'

export interface LoginAttempt {
  at: number
  username: string
  /** `Access-Accept`, `Access-Reject`. */
  reply: string | null
  device: string | null
  /** Why it was rejected. */
  reason: string | null
}

export interface Login {
  username: string
  device: string | null
  nasAddress: string
  framedIp: string | null
  startedAt: number | null
  stoppedAt: number | null
  cause: string | null
  seconds: number | null
  uploadBytes: number
  downloadBytes: number
}

interface AttemptRow {
  authdate: Date
  username: string
  reply: string | null
  device: string | null
  reason: string | null
}

interface LoginRow {
  username: string
  device: string | null
  nas: string
  ip: string | null
  acctstarttime: Date | null
  acctstoptime: Date | null
  acctterminatecause: string | null
  acctsessiontime: string | number | null
  up: string | number
  down: string | number
}

export function radiusTraceQueries(knex: Knex) {
  return {
    /** The newest first. */
    async attempts(usernames: readonly string[], limit: number): Promise<LoginAttempt[]> {
      const { rows } = await knex.raw<{ rows: AttemptRow[] }>(
        'select authdate, username, reply, radius.device_of(callingstationid) as device, reason from radius.radpostauth where username = any (?::text[]) order by authdate desc limit ?',
        [[...usernames], limit],
      )
      return rows.map(({ authdate, ...row }) => ({ at: authdate.getTime(), ...row }))
    },
    /** The newest first. */
    async logins(usernames: readonly string[], limit: number): Promise<Login[]> {
      const { rows } = await knex.raw<{ rows: LoginRow[] }>(
        `select username, radius.device_of(callingstationid) as device, host(nasipaddress) as nas, host(framedipaddress) as ip, acctstarttime, acctstoptime,
           acctterminatecause, acctsessiontime, coalesce(acctinputoctets, 0) as up, coalesce(acctoutputoctets, 0) as down
         from radius.radacct where username = any (?::text[]) order by radacctid desc limit ?`,
        [[...usernames], limit],
      )
      return rows.map((row) => ({
        username: row.username,
        device: row.device,
        nasAddress: row.nas,
        framedIp: row.ip,
        startedAt: row.acctstarttime?.getTime() ?? null,
        stoppedAt: row.acctstoptime?.getTime() ?? null,
        cause: row.acctterminatecause,
        seconds: row.acctsessiontime === null ? null : Number(row.acctsessiontime),
        uploadBytes: Number(row.up),
        downloadBytes: Number(row.down),
      }))
    },
  }
}
