import { describe, expect, it } from 'vitest'
import { stkRates } from '../../../api/payments/rates.ts'
import { readSettings, SettingsError } from '../../../api/settings.ts'

const PRODUCTION = {
  STANDING_MODE: 'production',
  STANDING_APP_KEY: 'k'.repeat(32),
  DARAJA_BASE_URL: 'https://api.safaricom.co.ke',
  DARAJA_CONSUMER_KEY: 'a',
  DARAJA_CONSUMER_SECRET: 'b',
  DARAJA_SHORTCODE: '174379',
  DARAJA_PASSKEY: 'c',
  DARAJA_CALLBACK_BASE_URL: 'https://pay.example.com/',
  DARAJA_HOOK_SECRET: 'hook-secret-1',
  AT_BASE_URL: 'https://api.africastalking.com',
  AT_USERNAME: 'u',
  AT_API_KEY: 'd',
  SMS_HOOK_SECRET: 'hook-secret-2',
}

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings(env)
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  return []
}

describe('settings', () => {
  it('needs none', () => {
    expect(readSettings({})).toMatchObject({ PORT: 3_000, HOST: '127.0.0.1', STANDING_MODE: 'sandbox', STANDING_DATA_DIR: '.data', LOG_LEVEL: 'info' })
  })

  it('takes an empty variable as not set, and leaves those of others alone', () => {
    expect(readSettings({ PORT: '', STANDING_MODE: ' ', HOME: '/x', STANDING: 'x' })).toMatchObject({ PORT: 3_000, STANDING_MODE: 'sandbox' })
  })

  it('reads numbers, lists, rates and addresses', () => {
    const settings = readSettings({ PORT: '0', DARAJA_ALLOWED_IPS: '196.201.214.200, 196.201.214.206,', DARAJA_BASE_URL: 'http://127.0.0.1:9/', STANDING_STK_PER_PHONE: '5/600', SMARTTWIN_ENABLED: 'true' })
    expect(settings).toMatchObject({
      PORT: 0, DARAJA_ALLOWED_IPS: ['196.201.214.200', '196.201.214.206'], DARAJA_BASE_URL: 'http://127.0.0.1:9', STANDING_STK_PER_PHONE: { limit: 5, windowMs: 600_000 }, SMARTTWIN_ENABLED: true,
    })
  })

  it('names an unknown setting and the known ones', () => {
    const [problem] = problemsOf({ STANDING_MDOE: 'production' })
    expect(problem).toMatch(/^STANDING_MDOE is no setting of ours; allowed are STANDING_DATA_DIR, STANDING_MODE,/)
  })

  it.each([
    [{ STANDING_MODE: 'staging' }, 'STANDING_MODE must be one of: sandbox, production'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of: trace, debug, info, warn, error, fatal, silent'],
    [{ PORT: '70000' }, 'PORT'],
    [{ PORT: 'http' }, 'PORT must be a port'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must be an address'],
    [{ STANDING_API_KEY: 'short' }, 'STANDING_API_KEY must be 8 to 512'],
    [{ STANDING_APP_KEY: 'short' }, 'STANDING_APP_KEY must have at least 16'],
    [{ DARAJA_HOOK_SECRET: 'with/slash' }, 'DARAJA_HOOK_SECRET must be 8 to 128'],
    [{ STANDING_STK_PER_IP: '5' }, 'STANDING_STK_PER_IP must be <requests>/<seconds>'],
  ])('refuses %j', (env, start) => {
    const problems = problemsOf(env)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.startsWith(start)).toBe(true)
  })

  it('never quotes a value', () => {
    expect(problemsOf({ STANDING_API_KEY: 's3cr3t', STANDING_APP_KEY: 's3cr3t', DATABASE_URL: 's3cr3t' }).join()).not.toContain('s3cr3t')
  })

  it('names everything that is wrong at once', () => {
    expect(problemsOf({ PORT: 'x', LOG_LEVEL: 'x', STANDING_X: 'x' })).toHaveLength(3)
  })

  it('starts production when all is there', () => {
    expect(problemsOf(PRODUCTION)).toEqual([])
  })

  it.each(Object.keys(PRODUCTION).filter((name) => name !== 'STANDING_MODE'))('does not start production without %s', (name) => {
    const problems = problemsOf({ ...PRODUCTION, [name]: undefined })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${name} is required with STANDING_MODE=production`)
  })

  it.each([
    [{ STANDING_APP_KEY: 'k'.repeat(31) }, 'STANDING_APP_KEY'],
    [{ STANDING_API_KEY: 'k'.repeat(31) }, 'STANDING_API_KEY'],
    [{ DARAJA_CALLBACK_BASE_URL: 'http://pay.example.com' }, 'DARAJA_CALLBACK_BASE_URL'],
    [{ SMTP_URL: 'smtp://mail.example.com' }, 'MAIL_FROM'],
  ])('does not start production with %j', (env, name) => {
    expect(problemsOf({ ...PRODUCTION, ...env }).map((problem) => problem.split(' ')[0])).toEqual([name])
  })

  it('limits payments more in production than in the sandbox, and as it is told', () => {
    const [sandbox, production] = [stkRates(readSettings({})), stkRates(readSettings(PRODUCTION))]
    expect(production.stkPerPhone.limit).toBeLessThan(sandbox.stkPerPhone.limit)
    expect(stkRates(readSettings({ ...PRODUCTION, STANDING_STK_PER_IP: '7/60' }))).toEqual({ ...production, stkPerIp: { limit: 7, windowMs: 60_000 } })
  })

  it('wants all of SmartTwin when it is enabled', () => {
    expect(problemsOf({ ...PRODUCTION, SMARTTWIN_ENABLED: '1' })).toHaveLength(3)
  })
})

describe('the worth from which on a second key is needed', () => {
  it('is KES 10,000 unless said, and may differ by tenant', () => {
    const from = (text: string | undefined) => readSettings({ STANDING_SECOND_KEY_FROM: text }).STANDING_SECOND_KEY_FROM
    expect(from(undefined)('main')).toBe(1_000_000)
    expect(['main', 'acme', 'small'].map(from('500,acme=off,small=0'))).toEqual([500, Infinity, 0])
    expect(from('off,acme=7')('main')).toBe(Infinity)
  })

  it.each(['KES 5000', '1000000,acme', '-1', 'acme=5'])('is not %j', (text) => {
    expect(problemsOf({ STANDING_SECOND_KEY_FROM: text })).toEqual([expect.stringMatching(/^STANDING_SECOND_KEY_FROM must be an amount in minor units/)])
  })
})
