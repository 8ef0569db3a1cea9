/**
 * Plays the outside systems that the environment does not name, so that `npm start` works on a machine with
 * nothing but Node. A system whose base URL is set is left alone.
 */
import { randomBytes } from 'node:crypto'
import { DARAJA_SANDBOX_CREDENTIALS, DARAJA_SANDBOX_INITIATOR, startDaraja, type Daraja, type DarajaOptions } from './daraja/index.ts'
import { startNas, type Nas } from './nas/index.ts'
import { startRouterOs, type RouterOs } from './routeros/index.ts'
import { SMS_SANDBOX_CREDENTIALS, startSms, type Sms, type SmsOptions } from './sms/index.ts'
import { startTwilio, TWILIO_SANDBOX_CREDENTIALS, type Twilio, type TwilioOptions } from './twilio/index.ts'

export interface SandboxOptions {
  /** Usually `process.env`. Credentials that are set are what the stand-ins then ask for. */
  env: Readonly<Record<string, string | undefined>>
  /** When messages were sent, as their stand-ins say, milliseconds since the epoch; delays are real time. M-Pesa's is asked by the machine's clock, and has that one. */
  clock?: () => number
  daraja?: DarajaOptions
  sms?: SmsOptions
  twilio?: TwilioOptions
  /** Plays the routers of a town, which keep there what they were told. */
  routersFile?: string
}

export interface Sandbox {
  /** Only those that were started. */
  daraja?: Daraja
  sms?: Sms
  /** A router, with the secret that its requests are signed with. */
  nas?: Nas & { secret: string }
  twilio?: Twilio
  routerOs?: RouterOs
  /** Environment settings with which the system reaches the stand-ins, for those it does not have. */
  settings: Record<string, string>
  stop(): Promise<void>
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { env } = options
  const settings: Record<string, string> = {}
  const daraja = env['DARAJA_BASE_URL'] === undefined ? await playDaraja(options, settings) : undefined
  const sms = env['AT_BASE_URL'] === undefined ? await playSms(options, settings) : undefined
  const twilio = env['TWILIO_BASE_URL'] === undefined ? await playTwilio(options, settings) : undefined
  // Whoever has a FreeRADIUS of their own has routers of their own.
  const nas = env['RADIUS_REST_TOKEN'] === undefined ? await playNas(settings) : undefined
  const routerOs = options.routersFile === undefined ? undefined : await startRouterOs({ flash: options.routersFile })
  return {
    ...(daraja === undefined ? {} : { daraja }),
    ...(sms === undefined ? {} : { sms }),
    ...(twilio === undefined ? {} : { twilio }),
    ...(nas === undefined ? {} : { nas }),
    ...(routerOs === undefined ? {} : { routerOs }),
    settings,
    async stop() {
      await Promise.all([daraja?.stop(), sms?.stop(), twilio?.stop(), nas?.stop(), routerOs?.stop()])
    },
  }
}

async function playDaraja({ env, daraja: options }: SandboxOptions, settings: Record<string, string>): Promise<Daraja> {
  const credentials = {
    consumerKey: env['DARAJA_CONSUMER_KEY'] ?? DARAJA_SANDBOX_CREDENTIALS.consumerKey,
    consumerSecret: env['DARAJA_CONSUMER_SECRET'] ?? DARAJA_SANDBOX_CREDENTIALS.consumerSecret,
    shortcode: env['DARAJA_SHORTCODE'] ?? DARAJA_SANDBOX_CREDENTIALS.shortcode,
    passkey: env['DARAJA_PASSKEY'] ?? DARAJA_SANDBOX_CREDENTIALS.passkey,
  }
  const initiator = { name: env['DARAJA_INITIATOR_NAME'] ?? DARAJA_SANDBOX_INITIATOR.name, securityCredential: env['DARAJA_SECURITY_CREDENTIAL'] ?? DARAJA_SANDBOX_INITIATOR.securityCredential }
  const daraja = await startDaraja({ credentials, initiator, ...options })
  Object.assign(settings, {
    DARAJA_BASE_URL: daraja.url,
    DARAJA_CONSUMER_KEY: credentials.consumerKey,
    DARAJA_CONSUMER_SECRET: credentials.consumerSecret,
    DARAJA_SHORTCODE: credentials.shortcode,
    DARAJA_PASSKEY: credentials.passkey,
    DARAJA_INITIATOR_NAME: initiator.name,
    DARAJA_SECURITY_CREDENTIAL: initiator.securityCredential,
  })
  return daraja
}

async function playSms({ env, clock = Date.now, sms: options }: SandboxOptions, settings: Record<string, string>): Promise<Sms> {
  const credentials = {
    username: env['AT_USERNAME'] ?? SMS_SANDBOX_CREDENTIALS.username,
    apiKey: env['AT_API_KEY'] ?? SMS_SANDBOX_CREDENTIALS.apiKey,
  }
  const sms = await startSms({ clock, credentials, ...options })
  Object.assign(settings, { AT_BASE_URL: sms.url, AT_USERNAME: credentials.username, AT_API_KEY: credentials.apiKey })
  return sms
}

/** Both secrets are for this run alone: nobody else needs them. */
async function playNas(settings: Record<string, string>): Promise<Nas & { secret: string }> {
  const secret = randomBytes(24).toString('base64url')
  settings['RADIUS_REST_TOKEN'] = randomBytes(24).toString('base64url')
  return { ...(await startNas({ secret })), secret }
}

async function playTwilio({ env, clock = Date.now, twilio: options }: SandboxOptions, settings: Record<string, string>): Promise<Twilio> {
  const credentials = {
    accountSid: env['TWILIO_ACCOUNT_SID'] ?? TWILIO_SANDBOX_CREDENTIALS.accountSid,
    authToken: env['TWILIO_AUTH_TOKEN'] ?? TWILIO_SANDBOX_CREDENTIALS.authToken,
  }
  const twilio = await startTwilio({ clock, credentials, ...options })
  Object.assign(settings, {
    TWILIO_BASE_URL: twilio.url,
    TWILIO_ACCOUNT_SID: credentials.accountSid,
    TWILIO_AUTH_TOKEN: credentials.authToken,
    TWILIO_SENDER: env['TWILIO_SENDER'] ?? '+15005550006',
  })
  return twilio
}
