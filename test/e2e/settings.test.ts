/** A start with settings that cannot be right says so and does not happen; one in production opens nothing of the sandbox. */
import { expect, onTestFinished, test } from 'vitest'
import { cleanEnvironment, createSystem, runToEnd, startSystem } from '../support/system.ts'
import { callBack, startOutside } from '../support/system-outside.ts'
import { buy, startPayment, untilState } from '../support/system-shop.ts'
import { successCallback } from '../support/callbacks.ts'

const refused = async (env: Record<string, string>) => {
  const { code, output } = await runToEnd('main.ts', [], { ...cleanEnvironment(), ...env })
  expect(code, output).toBe(1)
  expect(output).toContain('The settings do not allow a start')
  expect(output).not.toMatch(/ at \w+ \(|node_modules/)
  return output
}

test.concurrent('a misspelt name stops the start, with the names that are allowed', async () => {
  const output = await refused({ STANDING_DATADIR: 'elsewhere', STANDING_API_KEYS: 'sk_secret-of-somebody' })
  expect(output).toContain('STANDING_DATADIR is no setting of ours; allowed are STANDING_DATA_DIR, STANDING_MODE')
  expect(output).toContain('STANDING_API_KEYS')
  expect(output).not.toContain('sk_secret-of-somebody')
})

test.concurrent('values that cannot be stop the start, all of them named at once, and none repeated', async () => {
  const output = await refused({
    PORT: 'eighty',
    DATABASE_URL: 'mysql://user:s3cret@db/x',
    STANDING_MODE: 'staging',
    LOG_LEVEL: 'loud',
    STANDING_API_KEY: 'tiny',
    STANDING_APP_KEY: 'short-key',
    STANDING_STK_PER_PHONE: 'often',
    DARAJA_HOOK_SECRET: 'has/slash?',
    DARAJA_SHORTCODE: '12',
  })
  for (const name of ['PORT', 'DATABASE_URL', 'STANDING_MODE must be one of: sandbox, production', 'LOG_LEVEL must be one of: trace', 'STANDING_API_KEY', 'STANDING_APP_KEY', 'STANDING_STK_PER_PHONE', 'DARAJA_HOOK_SECRET', 'DARAJA_SHORTCODE']) {
    expect(output).toContain(`- ${name}`)
  }
  for (const value of ['s3cret', 'tiny', 'short-key', 'has/slash']) expect(output).not.toContain(value)
})

test.concurrent('production does not start with anything of the sandbox', async () => {
  const output = await refused({ STANDING_MODE: 'production', STANDING_API_KEY: 'sk_too-short', DARAJA_CALLBACK_BASE_URL: 'http://example.org' })
  for (const name of ['STANDING_APP_KEY', 'DARAJA_BASE_URL', 'DARAJA_CONSUMER_KEY', 'DARAJA_CONSUMER_SECRET', 'DARAJA_SHORTCODE', 'DARAJA_PASSKEY', 'DARAJA_HOOK_SECRET', 'AT_BASE_URL', 'AT_USERNAME', 'AT_API_KEY', 'SMS_HOOK_SECRET']) {
    expect(output).toContain(`- ${name} is required with STANDING_MODE=production`)
  }
  expect(output).toContain('- STANDING_API_KEY must have at least 32 characters')
  expect(output).toContain('- DARAJA_CALLBACK_BASE_URL must be https')
})

test.concurrent('an outside system that is half named is not made up', async ({ onTestFinished }) => {
  const system = await createSystem({ env: { DARAJA_BASE_URL: 'http://127.0.0.1:9' } })
  onTestFinished(() => system.dispose())
  const output = await refused(system.environment({ PORT: '0' }) as Record<string, string>)
  expect(output).toContain('DARAJA_CONSUMER_KEY')
})

test.concurrent('books are kept whatever is set', async () => {
  expect(await refused({ STANDING_RETENTION: 'business.ledger_entries=1,business.hook_inbox=30' })).toContain('STANDING_RETENTION: business.ledger_entries cannot be set; those that can: business.hook_inbox,')
  expect(await refused({ STANDING_RETENTION: 'business.hook_inbox=0' })).toContain('- STANDING_RETENTION must be <table>=<days>')
})

test.concurrent('a database out of reach stops the start', async () => {
  const { code, output } = await runToEnd('main.ts', [], { ...cleanEnvironment(), PORT: '0', DATABASE_URL: 'postgres://standing:s3cret@127.0.0.1:9/none' })
  expect(code).toBe(1)
  expect(output).toContain('ECONNREFUSED')
  expect(output).not.toContain('s3cret')
})

test('in production the sandbox’s addresses do not exist, and no key is printed', async () => {
  const outside = await startOutside()
  onTestFinished(() => outside.stop())
  const system = await startSystem({
    env: {
      ...outside.env,
      STANDING_MODE: 'production',
      STANDING_APP_KEY: 'an-application-key-of-more-than-32-characters',
      STANDING_API_KEY: 'sk_a-first-key-of-more-than-32-characters',
      // As a stranger calls it; the stand-in is told nothing else than Safaricom would be.
      DARAJA_CALLBACK_BASE_URL: 'https://pay.example.org',
      WEB_URL: 'https://pay.example.org',
    },
  })
  onTestFinished(() => system.dispose())
  expect(system.logs()).not.toContain(system.key)
  expect((await system.ask('/api/v1/machines')).status).toBe(200)
  for (const path of ['/api/v1/sandbox/clock', '/api/v1/sandbox/outbox']) expect((await system.ask(path)).status).toBe(404)
  expect((await system.ask('/api/packages', { anonymous: true })).body).toEqual({ data: [] })

  await system.rows("insert into business.packages (tenant, id, name, price_minor, currency, duration_seconds) values ('main', 'hour-1', '1 hour', 1000, 'KES', 3600)")
  const bought = await buy(system)
  const [prompt] = outside.daraja.control.prompts()
  expect(prompt?.callbackUrl).toMatch(new RegExp(`^https://pay\\.example\\.org/hooks/daraja/[\\w-]+/stk/${bought.id}$`))
  await callBack(system, successCallback(bought.checkout, 'NLJ7RT61SV', 10, Number(bought.phone)))
  await untilState(system, 'hotspot-session', bought.id, 'ready')
  const { headers } = await startPayment(system, { phone_number: '0712999000', package_id: 'hour-1' })
  expect(headers.get('set-cookie')).toMatch(/; HttpOnly; Secure; SameSite=Lax$/)
  expect(await system.stop()).toMatchObject({ code: 0 })
})
