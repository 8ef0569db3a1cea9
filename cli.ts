/** Commands for operators: `npm run cli -- <command>`. Like `main.ts` it may use every part; nothing imports it. */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createDarajaClient } from './actors/gateways/mpesa/client.ts'
import { added, calendar } from './actors/dashboard/sums.ts'
import { registry } from './actors/registry.ts'
import { tunnelConfiguration, tunnelKeys } from './actors/router/tunnel.ts'
import { hashApiKey, newApiKey } from './api/auth/api-key.ts'
import { isRole, ROLES } from './api/auth/permissions.ts'
import { derivedSecret } from './api/derived-secret.ts'
import { ownAddress } from './api/own-address.ts'
import { surroundingsOf } from './api/routers/surroundings.ts'
import { rebuildSums } from './api/dashboard/reading.ts'
import { readSettings } from './api/settings.ts'
import type { Settings } from './api/settings.ts'
import { createKnex, keepSecret, migrate, openBusiness, openDatabase, postgresStore, tidy } from './db/index.ts'
import type { Business } from './db/index.ts'
import { createRuntime, isTenant, sortableId } from './runtime/index.ts'

const USAGE = `npm run cli -- <command>

  migrate                                 bring the database up to date
  check                                   do all stored actors fit this code? exit code 1 when not (R12)
  key create --name <name> --roles <a,b> [--tenant <tenant>]
  key list
  key revoke <id>
  mpesa register-c2b                      tell Safaricom where payments by hand are to be validated and confirmed (once per shortcode)
  sms addresses                           what to set at the SMS providers, for delivery reports and for STOP and START; holds secrets
  tunnel                                  our end of the routers' tunnel with all peers, for wg-quick; holds the private key
  rebuild dashboard [--tenant <tenant>]   count the sums of days that are over anew, from the journal
  tidy                                    delete what is kept no longer, now (a running server does so once a day)
  parked list                             events that are set aside
  parked retry <event id> --reason <why>  of a running server: needs --url and --key (or STANDING_URL, STANDING_API_KEY)
`

type Options = Record<string, string | undefined>

async function main(): Promise<number> {
  const { positionals, values: { help, ...values } } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string' }, roles: { type: 'string' }, tenant: { type: 'string' }, reason: { type: 'string' }, url: { type: 'string' }, key: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  if (help === true) return say(USAGE)
  const [command, subcommand, argument] = positionals
  const settings = readSettings(process.env)
  switch (`${command ?? ''} ${subcommand ?? ''}`.trim()) {
    case 'migrate':
      return withDatabase(settings, async (url) => {
        const { applied } = await migrate(url)
        return say(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`)
      })
    case 'check':
      return withDatabase(settings, checkStored)
    case 'key create':
      return withBusiness(settings, (business) => createKey(business, values))
    case 'key list':
      return withBusiness(settings, async (business) => {
        for (const key of await business.apiKeys.list()) say(`${key.id}  ${key.tenant}  ${key.roles.join(',')}  ${key.name}${key.revokedAt === null ? '' : '  (revoked)'}`)
        return 0
      })
    case 'key revoke':
      return withBusiness(settings, async (business) => {
        if (argument === undefined) return usage('key revoke needs an id')
        return (await business.apiKeys.revoke(argument)) ? say(`Revoked ${argument}.`) : fail(`There is no key '${argument}' that could be revoked.`)
      })
    case 'mpesa register-c2b':
      return registerC2b(settings)
    case 'sms addresses':
      return smsAddresses(settings)
    case 'tunnel':
      return withBusiness(settings, (business) => describeTunnel(business, settings))
    case 'rebuild dashboard':
      return withBusiness(settings, (business, url) => rebuildDashboard(business, url, settings, values))
    case 'tidy':
      return withDatabase(settings, (url) => tidyNow(url, settings))
    case 'parked list':
      return withDatabase(settings, listParked)
    case 'parked retry':
      return argument === undefined ? usage('parked retry needs an event id') : retryParked(argument, values)
    default:
      return usage(command === undefined ? '' : `unknown command '${positionals.join(' ')}'`)
  }
}

/** The deploy gate: names what is stored and does not fit. */
async function checkStored(url: string): Promise<number> {
  await migrate(url)
  const store = postgresStore({ url })
  await store.start()
  try {
    const findings = await createRuntime({ actors: registry, store }).checkStored()
    for (const { type, version, problem, count, example } of findings) {
      say(`${type} version ${version}: ${problem} (${count} actors, such as ${example.tenant}/${example.type}/${example.id})`)
    }
    return findings.length === 0 ? say('Every stored actor fits this code.') : fail(`${findings.length} kinds of stored actors do not fit.`)
  } finally {
    await store.stop()
  }
}

async function createKey(business: Business, { name, roles, tenant = 'main' }: Options): Promise<number> {
  const wanted = (roles ?? '').split(',').filter((role) => role !== '')
  const unknown = wanted.filter((role) => !isRole(role))
  if (name === undefined || wanted.length === 0 || unknown.length > 0) return usage(`key create needs --name and --roles of: ${ROLES.join(', ')}`)
  if (!isTenant(tenant)) return usage('a tenant has 1 to 63 small letters, digits and -')
  const key = newApiKey()
  const id = `key_${sortableId()}`
  await business.apiKeys.create({ id, tenant, name, roles: wanted, hash: hashApiKey(key) })
  say(`${id}\n${key}`)
  return say('The key is shown this once; only its hash is kept.')
}

/** For whoever runs the server's end; routers that join later are added by running it again. */
async function describeTunnel(business: Business, settings: Settings): Promise<number> {
  if (settings.ROUTER_TUNNEL_PUBLIC_KEY !== undefined) return fail('ROUTER_TUNNEL_PUBLIC_KEY is set, so its private key is elsewhere. The peers are at GET /api/v1/routers/peers.')
  const appKey = await appKeyOf(settings)
  const { tunnel } = surroundingsOf(settings, settings.ROUTER_CALL_URL ?? 'http://127.0.0.1', appKey)
  return say(tunnelConfiguration(tunnel.network, tunnel.endpointPort, tunnelKeys(appKey).privateKey, await business.routers.peers()))
}

/** While a server runs, too: its sums come from the same journal. */
async function rebuildDashboard(business: Business, url: string, { STANDING_TIME_ZONE }: Settings, { tenant = 'main' }: Options): Promise<number> {
  const journal = postgresStore({ url })
  await journal.start()
  try {
    const { days } = await rebuildSums({ journal, days: business.dashboardDays, dayOf: calendar(STANDING_TIME_ZONE), clock: Date.now }, tenant)
    const total = [...days.values()].reduce(added, {})
    for (const [name, value] of Object.entries(total).sort()) say(`${name}  ${value}`)
    return say(`Counted ${days.size} days of ${tenant} from the journal.`)
  } finally {
    await journal.stop()
  }
}

async function tidyNow(url: string, { STANDING_RETENTION }: Settings): Promise<number> {
  await migrate(url)
  const knex = createKnex(url, { max: 1, applicationName: 'standing-cli' })
  try {
    const rows = Object.entries(await tidy(knex, Date.now(), STANDING_RETENTION))
    for (const [table, count] of rows) say(`${table}  ${count}`)
    return say(rows.length === 0 ? 'Nothing is older than it is kept.' : 'Deleted.')
  } finally {
    await knex.destroy()
  }
}

async function listParked(url: string): Promise<number> {
  const store = postgresStore({ url })
  await store.start()
  try {
    const rows = await store.listParked({ limit: 1_000 })
    for (const { eventId, kind, eventType, address, error, at } of rows) {
      const why = error === null ? '' : (JSON.parse(error) as { message: string }).message
      say(`${new Date(at).toISOString()}  ${kind}  ${address.type}/${address.id}  ${eventType}  ${eventId}  ${why}`)
    }
    return say(`${rows.length} events are set aside.`)
  } finally {
    await store.stop()
  }
}

/** By the running server: it alone may step the actor. */
async function retryParked(eventId: string, { url = process.env['STANDING_URL'] ?? 'http://127.0.0.1:3000', key = process.env['STANDING_API_KEY'], reason }: Options): Promise<number> {
  if (key === undefined || reason === undefined) return usage('parked retry needs --reason, and a key by --key or STANDING_API_KEY')
  const answer = await fetch(`${url}/api/v1/parked/${encodeURIComponent(eventId)}/retry`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason }),
  })
  return answer.ok ? say(`Retried ${eventId}.`) : fail(`${answer.status}: ${await answer.text()}`)
}

/** With the settings that the server runs with. The addresses hold the hook secret, so they are not shown. */
async function registerC2b(settings: Settings): Promise<number> {
  const { DARAJA_BASE_URL: baseUrl, DARAJA_CONSUMER_KEY: consumerKey, DARAJA_CONSUMER_SECRET: consumerSecret, DARAJA_SHORTCODE: shortcode, DARAJA_CALLBACK_BASE_URL: callbackUrl, DARAJA_HOOK_SECRET: secret } = settings
  if (baseUrl === undefined || consumerKey === undefined || consumerSecret === undefined || shortcode === undefined || callbackUrl === undefined || secret === undefined) {
    return usage('mpesa register-c2b needs DARAJA_BASE_URL, DARAJA_CONSUMER_KEY, DARAJA_CONSUMER_SECRET, DARAJA_SHORTCODE, DARAJA_CALLBACK_BASE_URL and DARAJA_HOOK_SECRET')
  }
  const client = createDarajaClient({ baseUrl, consumerKey, consumerSecret, shortcode, passkey: '', transactionType: 'CustomerPayBillOnline', callbackUrl, c2bVersion: settings.DARAJA_C2B_VERSION, clock: () => Date.now() })
  const hook = (what: string): string => `${callbackUrl}/hooks/daraja/${secret}/c2b/${what}`
  // Unanswered, a payment goes through: we would rather look for its purpose than refuse it because we were away.
  await client.registerC2b({ validationUrl: hook('validation'), confirmationUrl: hook('confirmation'), ifUnanswered: 'Completed' })
  return say(`Payments to ${shortcode} are validated and confirmed at ${callbackUrl}.`)
}

/** Africa's Talking learns all of its addresses at its portal; Twilio is told of the status callback with each message, but not of this. */
async function smsAddresses(settings: Settings): Promise<number> {
  const appKey = await appKeyOf(settings)
  // The stand-ins of the sandbox call where it listens.
  const port = settings.STANDING_HOOKS_PORT ?? settings.PORT
  const own = settings.STANDING_MODE === 'sandbox' && port > 0 ? ownAddress(settings.HOST, port) : undefined
  const base = settings.WEB_URL ?? settings.DARAJA_CALLBACK_BASE_URL ?? own
  if (base === undefined) return usage('sms addresses needs WEB_URL or DARAJA_CALLBACK_BASE_URL: where the providers reach this server')
  const smsHook = (what: string): string => `${base.replace(/\/$/, '')}/hooks/sms/${settings.SMS_HOOK_SECRET ?? derivedSecret(appKey, 'sms-hook')}/${what}`
  say(`Africa's Talking, delivery reports:   ${smsHook('delivery')}`)
  say(`Africa's Talking, incoming messages:  ${smsHook('inbound')}`)
  say(`Africa's Talking, bulk SMS opt-out:   ${smsHook('opt-out')}`)
  if (settings.TWILIO_CALLBACK_BASE_URL === undefined) return 0
  return say(`Twilio, a message comes in (POST):    ${settings.TWILIO_CALLBACK_BASE_URL}/hooks/twilio/${derivedSecret(appKey, 'twilio-hook')}/inbound`)
}

async function appKeyOf(settings: Settings): Promise<string> {
  return settings.STANDING_APP_KEY ?? (await keepSecret(settings.STANDING_DATA_DIR, 'app-key', () => randomBytes(32).toString('base64url')))
}

async function withDatabase(settings: Settings, work: (url: string) => Promise<number>): Promise<number> {
  const database = await openDatabase({ url: settings.DATABASE_URL, dataDir: settings.STANDING_DATA_DIR })
  try {
    return await work(database.url)
  } finally {
    await database.close()
  }
}

function withBusiness(settings: Settings, work: (business: Business, url: string) => Promise<number>): Promise<number> {
  return withDatabase(settings, async (url) => {
    await migrate(url)
    const knex = createKnex(url, { max: 2, applicationName: 'standing-cli' })
    try {
      return await work(openBusiness(knex), url)
    } finally {
      await knex.destroy()
    }
  })
}

function say(text: string): 0 {
  console.log(text)
  return 0
}

function fail(text: string): 1 {
  console.error(text)
  return 1
}

function usage(problem: string): number {
  console.error(problem === '' ? USAGE : `${problem}\n\n${USAGE}`)
  return 2
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  },
)
