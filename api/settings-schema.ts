/** The name and form of every setting (contract.md §1). */
import { z } from 'zod'
import { parseNetwork } from '../actors/router/tunnel.ts'
import { timeZone } from '../machines/calendar.ts'

const text = z.string().trim().min(1)
const url = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''))
const list = z.string().transform((value) => value.split(',').map((part) => part.trim()).filter((part) => part !== ''))
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')
const hookSecret = z.string().regex(/^[A-Za-z0-9_-]{8,128}$/, 'must be 8 to 128 letters, digits, _ or -, for it stands in an address')
const port = z.string().regex(/^\d{1,5}$/, 'must be a port, 0 to 65535').transform(Number).pipe(z.number().max(65_535))
/** Such as `5/600`: five in 600 seconds. */
const rate = z
  .string()
  .regex(/^[1-9]\d{0,6}\/[1-9]\d{0,6}$/, 'must be <requests>/<seconds>, such as 5/600')
  .transform((value) => value.split('/').map(Number) as [number, number])
  .transform(([limit, seconds]) => ({ limit, windowMs: seconds * 1_000 }))

/** Such as `21:00-07:00`, local time; `off`: none. */
const quietHours = z
  .string()
  .regex(/^(off|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)$/, 'must be two local times such as 21:00-07:00, or off')
  .transform((value) => (value === 'off' ? '00:00-00:00' : value).split('-') as [string, string])
  .transform(([from, to]) => ({ from, to }))

/** Such as `business.hook_inbox=30,radius.radpostauth=7`: days by table. */
const daysByTable = z
  .string()
  .regex(/^[a-z_.]+=[1-9]\d{0,4}(,[a-z_.]+=[1-9]\d{0,4})*$/, 'must be <table>=<days>, such as business.hook_inbox=30, parted by commas')
  .transform((text) => Object.fromEntries(text.split(',').map((part) => part.split('=') as [string, string]).map(([table, days]) => [table, Number(days)])))

/** Such as `1000000` or `1000000,acme=250000`: minor units, for every tenant and for one. `off`: one key for everything. */
const amountByTenant = z
  .string()
  .regex(/^(off|\d{1,12})(,[A-Za-z0-9_-]{1,64}=(off|\d{1,12}))*$/, 'must be an amount in minor units, or off; others for single tenants after commas, such as 1000000,acme=250000')
  .transform((text) => {
    const [usual = '', ...others] = text.split(',')
    const amountOf = (written: string): number => (written === 'off' ? Number.POSITIVE_INFINITY : Number(written))
    const byTenant = new Map(others.map((part) => part.split('=') as [string, string]).map(([tenant, written]) => [tenant, amountOf(written)]))
    return (tenant: string): number => byTenant.get(tenant) ?? amountOf(usual)
  })

/** Every name we read, with what it may be. Order is that of the contract. */
export const SETTINGS = {
  PORT: port.default(3_000),
  HOST: text.default('127.0.0.1'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  NATS_URL: text.optional(),
  NATS_USER: text.optional(),
  NATS_PASSWORD: text.optional(),
  NATS_TOKEN: text.optional(),
  NATS_CREDS_FILE: text.optional(),
  NATS_NKEY_SEED: text.optional(),
  NATS_TLS_CA_FILE: text.optional(),
  NATS_TLS_CERT_FILE: text.optional(),
  NATS_TLS_KEY_FILE: text.optional(),
  NATS_PREFIX: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 letters, digits, _ or -').default('standing'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  STANDING_DATA_DIR: text.default('.data'),
  STANDING_MODE: z.enum(['sandbox', 'production']).default('sandbox'),
  STANDING_API_KEY: z.string().regex(/^[\x21-\x7e]{8,512}$/, 'must be 8 to 512 printable characters without spaces').optional(),
  STANDING_APP_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  STANDING_TRUSTED_PROXIES: list.default([]),
  STANDING_TIME_ZONE: timeZone.default('Africa/Nairobi'),
  STANDING_QUIET_HOURS: quietHours.prefault('21:00-07:00'),
  STANDING_RETENTION: daysByTable.default({}),
  STANDING_SECOND_KEY_FROM: amountByTenant.prefault('1000000'),
  STANDING_HOOKS_PORT: port.optional(),
  STANDING_SANDBOX_TOWN: z.enum(['on', 'off']).default('on'),
  STANDING_STK_PER_PHONE: rate.optional(),
  STANDING_STK_PER_MAC: rate.optional(),
  STANDING_STK_PER_IP: rate.optional(),
  STANDING_CONNECTIONS_PER_ADDRESS: z.string().regex(/^[1-9]\d{0,5}$/, 'must be a number, 1 to 999999').transform(Number).default(1_000),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  DARAJA_BASE_URL: url.optional(),
  DARAJA_CONSUMER_KEY: text.optional(),
  DARAJA_CONSUMER_SECRET: text.optional(),
  DARAJA_SHORTCODE: z.string().regex(/^\d{5,7}$/, 'must have 5 to 7 digits').optional(),
  DARAJA_PASSKEY: text.optional(),
  DARAJA_INITIATOR_NAME: text.optional(),
  DARAJA_SECURITY_CREDENTIAL: text.optional(),
  DARAJA_B2C_SHORTCODE: z.string().regex(/^\d{5,7}$/, 'must have 5 to 7 digits').optional(),
  DARAJA_C2B_VERSION: z.enum(['v1', 'v2']).default('v2'),
  DARAJA_PULL: flag.default(false),
  DARAJA_CALLBACK_BASE_URL: url.optional(),
  DARAJA_HOOK_SECRET: hookSecret.optional(),
  DARAJA_ALLOWED_IPS: list.optional(),
  AT_BASE_URL: url.optional(),
  AT_USERNAME: text.optional(),
  AT_API_KEY: text.optional(),
  AT_SENDER: text.optional(),
  SMS_HOOK_SECRET: hookSecret.optional(),
  TWILIO_BASE_URL: url.optional(),
  TWILIO_ACCOUNT_SID: text.optional(),
  TWILIO_AUTH_TOKEN: text.optional(),
  TWILIO_SENDER: text.optional(),
  TWILIO_CALLBACK_BASE_URL: url.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: text.optional(),
  SMARTTWIN_BASE_URL: url.optional(),
  SMARTTWIN_API_KEY: text.optional(),
  SMARTTWIN_API_SIGN_KEY: text.optional(),
  SMARTTWIN_PREVIOUS_API_SIGN_KEY: list.default([]),
  SMARTTWIN_ENABLED: flag.optional(),
  ROUTER_CALL_URL: url.optional(),
  ROUTER_RADIUS_ADDRESS: z.ipv4().optional(),
  ROUTER_TUNNEL_NETWORK: z.string().refine((value) => parseNetwork(value) !== undefined, 'must be a network of IPv4 such as 10.77.0.0/16, with a prefix of 8 to 21').default('10.77.0.0/16'),
  ROUTER_TUNNEL_ENDPOINT: z.string().regex(/^[A-Za-z0-9.-]{1,253}:\d{1,5}$/, 'must be a host and a port, such as vpn.example.org:51820').optional(),
  ROUTER_TUNNEL_PUBLIC_KEY: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'must be a WireGuard public key').optional(),
  ROUTER_WALLED_GARDEN: list.default([]),
  RADIUS_REST_TOKEN: z.string().regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 printable characters without spaces').optional(),
  RADIUS_STALE_MINUTES: z.string().regex(/^[1-9]\d{0,4}$/, 'must be a number of minutes').transform(Number).default(20),
  WEB_URL: url.optional(),
} as const

export const settingsSchema = z.object(SETTINGS)
export type Settings = Readonly<z.output<typeof settingsSchema>>
