/** No secret leaves the place where it belongs: not into the log, however much is logged, and not into a table. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DARAJA_SANDBOX_CREDENTIALS } from '../../sandbox/daraja/index.ts'
import { callBack, DARAJA_HOOK_SECRET, SMS_HOOK_SECRET, startWorld, type World } from '../support/system-outside.ts'
import { accessOf, advance, atRest, buy, newPhone, paymentOf, smsOf, startPayment, untilState } from '../support/system-shop.ts'

const APP_KEY = 'app-key-of-this-test-4f1c9a7e2b6d8035'
const AT_API_KEY = 'gateway-key-of-this-test-91aa'

let world: World
/** Name -> secret. */
const secrets = new Map<string, string>([
  ['application key', APP_KEY],
  ['M-Pesa hook secret', DARAJA_HOOK_SECRET],
  ['SMS hook secret', SMS_HOOK_SECRET],
  ['passkey', DARAJA_SANDBOX_CREDENTIALS.passkey],
  ['consumer secret', DARAJA_SANDBOX_CREDENTIALS.consumerSecret],
  ['consumer key and secret as sent', Buffer.from(`${DARAJA_SANDBOX_CREDENTIALS.consumerKey}:${DARAJA_SANDBOX_CREDENTIALS.consumerSecret}`).toString('base64')],
  ['SMS gateway key', AT_API_KEY],
])
const passwords: string[] = []
const usernames: string[] = []

/** One way through everything that handles a secret, and through everything that may go wrong with one. */
beforeAll(async () => {
  world = await startWorld({
    env: { LOG_LEVEL: 'trace', STANDING_APP_KEY: APP_KEY, AT_API_KEY },
    sms: { credentials: { username: 'sandbox', apiKey: AT_API_KEY } },
  })
  const { system, daraja, sms } = world
  secrets.set('API key', system.key)

  const bought = await buy(system)
  await daraja.control.answer(bought.checkout, 0)
  await shown(bought.id)
  await untilState(system, 'notification', smsOf(bought.id), 'delivered')

  // An SMS of which nobody knows whether it was taken, and one that the gateway refuses.
  for (const send of ['reset-after-accepting', { statusCode: 403 }, { httpStatus: 503 }] as const) {
    const phone = newPhone()
    sms.control.next({ phone, send })
    const other = await buy(system, { phone })
    await daraja.control.answer(other.checkout, 0)
    await shown(other.id)
  }
  // M-Pesa refuses, gives no usable answer, or breaks off.
  for (const push of [{ error: 'wrong-credentials' }, 'bad-gateway-after-accepting', 'reset-after-accepting', 'token-expired'] as const) {
    const phone = newPhone()
    daraja.control.next({ phone, push, callback: { manual: true } })
    await startPayment(system, { phone_number: phone, package_id: 'hour-1' })
  }
  // Refused at our own door, with secrets in all the wrong places.
  await callBack(system, `{"password":"${passwords[0]}`, { authorization: `Bearer ${system.key}`, cookie: `session=${system.key}`, 'x-api-key': system.key })
  await system.ask(`/hooks/daraja/${DARAJA_HOOK_SECRET}x/stk?key=${system.key}`, { body: {} })
  await system.ask(`/api/v1/nowhere/${DARAJA_HOOK_SECRET}?key=${system.key}`)
  await system.ask('/api/v1/actors/payment', { body: '{', headers: { authorization: `Bearer ${system.key}` } })
  await system.kill9()
  await system.restart()
  await advance(system, 'PT10M')
  await system.rows("update business.hook_inbox set received_at = received_at - interval '11 minutes', next_attempt_at = now() where processed_at is null")
  await atRest(system)
  await system.stop()
})
afterAll(() => world.end())

async function shown(id: string): Promise<void> {
  const { credentials } = await paymentOf(world.system, id)
  if (credentials === undefined) throw new Error(`no credentials for ${id}`)
  passwords.push(credentials.password)
  usernames.push(credentials.username)
}

test('the log holds none, at the level that logs most', () => {
  const log = world.system.logs()
  expect(log).toContain('stopping: no new work')
  expect(log.split('\n').length).toBeGreaterThan(5)
  const found = [...secrets].filter(([, secret]) => log.includes(secret)).map(([name]) => name)
  expect(found).toEqual([])
  expect(passwords).toHaveLength(4)
  expect(passwords.filter((password) => log.includes(password))).toEqual([])
  // Access tokens of M-Pesa are 28 characters of their own; headers of any kind are never logged.
  expect(log).not.toMatch(/Bearer [A-Za-z0-9_-]{8}|Basic [A-Za-z0-9]{8}|authorization"\s*:\s*"(?!\[redacted\])/i)
})

test('the log names no customer', () => {
  expect(world.system.logs()).not.toMatch(/2547123\d{5}/)
})

interface Column extends Record<string, unknown> {
  schema: string
  table: string
}

/** Whole rows as text, so that no column is forgotten that is added later. */
async function tablesWith(secret: string): Promise<string[]> {
  const tables = await world.system.rows<Column>("select table_schema as schema, table_name as table from information_schema.tables where table_schema in ('standing', 'business', 'radius') and table_type = 'BASE TABLE' order by 1, 2")
  expect(tables.length).toBeGreaterThan(20)
  const found: string[] = []
  for (const { schema, table } of tables) {
    const [row] = await world.system.rows<{ count: number }>(`select count(*)::int as count from ${schema}.${table} t where position($1 in t::text) > 0`, [secret])
    if ((row?.count ?? 0) > 0) found.push(`${schema}.${table}`)
  }
  return found
}

test('a password stands in the table that RADIUS reads, and in no other', async () => {
  for (const [index, password] of passwords.entries()) {
    // What somebody sends us is kept as it came; the first password was sent back to us above.
    const kept = index === 0 ? ['business.hook_inbox'] : []
    expect(await tablesWith(password)).toEqual([...kept, 'radius.radcheck'])
  }
})

test('a username stands where a person or a router may look it up', async () => {
  for (const username of usernames) expect(await tablesWith(username)).toEqual(['radius.access', 'radius.radcheck', 'radius.radreply', 'standing.identifiers'])
})

test('no other secret stands in any table', async () => {
  for (const [name, secret] of secrets) expect(await tablesWith(secret), name).toEqual([])
  const headers = await world.system.rows<{ headers: Record<string, string> }>('select headers from business.hook_inbox')
  const names = new Set(headers.flatMap((row) => Object.keys(row.headers)))
  for (const name of ['authorization', 'cookie', 'x-api-key']) expect([...names]).not.toContain(name)
})

test('the credentials that were kept nowhere are the same after a restart', async () => {
  const sent = world.sms.control.messages().map(({ text }) => text)
  for (const password of passwords) {
    const [row] = await world.system.rows<{ username: string }>("select username from radius.radcheck where attribute = 'Cleartext-Password' and value = $1", [password])
    expect(row?.username).toBeDefined()
    if (sent.some((text) => text.includes(row?.username ?? ''))) expect(sent.some((text) => text.includes(password))).toBe(true)
  }
  expect((await accessOf(world.system, 'nobody')).check).toEqual([])
})
