/** The rules of logins in the database, where a test can hold two of them at the same point; all else is in test/integration/radius. */
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

describe('the rules of logins', () => {
  let database: TestDatabase
  let one: pg.Client
  let two: pg.Client
  beforeAll(async () => {
    database = await createTestDatabase()
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: database.url })
      await client.connect()
      return client
    }
    ;[one, two] = [await connect(), await connect()]
  })
  afterAll(async () => {
    await Promise.all([one.end(), two.end()])
    await database.drop()
  })
  let users = 0
  let user = ''
  beforeEach(async () => {
    user = `user${++users}`
    await one.query(`insert into radius.access (username, tenant, actor_type, actor_id) values ($1, 'main', 'hotspot-session', 'pay_1')`, [user])
    await one.query(`insert into radius.radcheck (username, attribute, op, value) values ($1, 'Cleartext-Password', ':=', 'pw')`, [user])
  })
  const admit = async (client: pg.Client, station: string, session: string, username = user): Promise<string> =>
    (await client.query<{ answer: string }>('select radius.admit($1, $2, $3) as answer', [username, station, session])).rows[0]?.answer ?? ''
  const isWaiting = async (client: pg.Client): Promise<boolean> => {
    const { rows } = await one.query<{ waits: boolean }>(`select wait_event_type = 'Lock' as waits from pg_stat_activity where pid = $1`, [(client as unknown as { processID: number }).processID])
    return rows[0]?.waits === true
  }

  it('a second login waits for what the first decides, and is then refused', async () => {
    await one.query('begin')
    expect(await admit(one, 'A8:BB:CC:00:00:01', 's-1')).toBe('ok')
    const second = admit(two, 'A8:BB:CC:00:00:02', 's-2')
    await expect.poll(() => isWaiting(two)).toBe(true)
    await one.query('commit')
    expect(await second).toBe('This access belongs to another device. Ask us to move it.')
  })

  it('a first login that came to nothing keeps nobody out', async () => {
    await one.query('begin')
    await admit(one, 'A8:BB:CC:00:00:01', 's-1')
    const second = admit(two, 'A8:BB:CC:00:00:02', 's-2')
    await expect.poll(() => isWaiting(two)).toBe(true)
    await one.query('rollback')
    expect(await second).toBe('ok')
  })

  it('different users do not wait for each other', async () => {
    await one.query('begin')
    await admit(one, 'A8:BB:CC:00:00:01', 's-1')
    expect(await admit(two, 'A8:BB:CC:00:00:02', 's-2', 'somebody-else')).toBe('ok')
    await one.query('commit')
  })

  it('a place is kept for a minute, and given up with the end of the accounting', async () => {
    expect(await admit(one, '', 's-1')).toBe('ok')
    expect(await admit(one, '', 's-2')).toBe('Another device is online with this access.')
    await one.query(`update radius.admissions set admitted_at = admitted_at - interval '61 seconds' where username = $1`, [user])
    expect(await admit(one, '', 's-2')).toBe('ok')
  })

  it('a made-up address makes way for the next five times, and a real one never', async () => {
    const idle = () => one.query('delete from radius.admissions where username = $1', [user])
    for (let phone = 0; phone <= 5; phone++) {
      expect(await admit(one, `da:a1:19:00:00:0${phone}`, `s-${phone}`)).toBe('ok')
      await idle()
    }
    expect(await admit(one, 'DA:A1:19:00:00:09', 's-9')).not.toBe('ok')
    await one.query('update radius.access set device_generation = 2 where username = $1', [user])
    expect(await admit(one, 'A8:BB:CC:00:00:01', 's-10')).toBe('ok')
    await idle()
    expect(await admit(one, 'DA:A1:19:00:00:09', 's-11')).not.toBe('ok')
    expect((await one.query('select device from radius.devices where username = $1', [user])).rows).toEqual([{ device: 'A8:BB:CC:00:00:01' }])
  })

  it.each([
    ['aa-bb-cc-dd-ee-ff', 'AA:BB:CC:DD:EE:FF'],
    ['aabb.ccdd.eeff', 'AA:BB:CC:DD:EE:FF'],
    ['AABBCCDDEEFF', 'AA:BB:CC:DD:EE:FF'],
    [' ', null],
    ['', null],
    [null, null],
    ['router-port-7', 'router-port-7'],
  ])('%j is the device %j', async (station, device) => {
    expect((await one.query<{ device: string | null }>('select radius.device_of($1) as device', [station])).rows).toEqual([{ device }])
  })

  it('versions of one user grow in the order of the commits', async () => {
    const start = (client: pg.Client, session: string) =>
      client.query(`insert into radius.radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime) values ($1, $1, $2, '10.8.0.2', now())`, [`${user}-${session}`, user])
    const version = async () => Number((await one.query<{ version: string }>('select version from radius.accounting_changes where username = $1', [user])).rows[0]?.version)
    await one.query('begin')
    await start(one, 'a')
    const other = start(two, 'b')
    await expect.poll(() => isWaiting(two)).toBe(true)
    const first = await version()
    await one.query('commit')
    await other
    expect(await version()).toBeGreaterThan(first)
  })
})
