/** Stand-ins of the outside systems in the test's own process: they outlive the system when it is killed, and tests hold their strings. */
import { DARAJA_SANDBOX_CREDENTIALS, DARAJA_SANDBOX_INITIATOR, startDaraja, type Daraja, type DarajaOptions } from '../../sandbox/daraja/index.ts'
import { SMS_SANDBOX_CREDENTIALS, startSms, type Sms, type SmsOptions } from '../../sandbox/sms/index.ts'
import { startSystem, type Answer, type Env, type System, type SystemOptions } from './system.ts'

export const DARAJA_HOOK_SECRET = 'daraja-hook-of-the-tests'
export const SMS_HOOK_SECRET = 'sms-hook-of-the-tests'

export interface Outside {
  daraja: Daraja
  sms: Sms
  /** Settings with which the system reaches the stand-ins. */
  env: Env
  stop(): Promise<void>
}

export interface OutsideOptions {
  /** Unless told otherwise a prompt waits until it is answered by hand. */
  daraja?: DarajaOptions
  sms?: SmsOptions
}

export async function startOutside(options: OutsideOptions = {}): Promise<Outside> {
  const daraja = await startDaraja({ defaults: { callback: { manual: true } }, ...options.daraja })
  const sms = await startSms({ reportAfterMs: 0, ...options.sms })
  return {
    daraja,
    sms,
    env: {
      DARAJA_BASE_URL: daraja.url,
      DARAJA_CONSUMER_KEY: DARAJA_SANDBOX_CREDENTIALS.consumerKey,
      DARAJA_CONSUMER_SECRET: DARAJA_SANDBOX_CREDENTIALS.consumerSecret,
      DARAJA_SHORTCODE: DARAJA_SANDBOX_CREDENTIALS.shortcode,
      DARAJA_PASSKEY: DARAJA_SANDBOX_CREDENTIALS.passkey,
      DARAJA_HOOK_SECRET,
      DARAJA_INITIATOR_NAME: DARAJA_SANDBOX_INITIATOR.name,
      DARAJA_SECURITY_CREDENTIAL: DARAJA_SANDBOX_INITIATOR.securityCredential,
      AT_BASE_URL: sms.url,
      AT_USERNAME: SMS_SANDBOX_CREDENTIALS.username,
      AT_API_KEY: SMS_SANDBOX_CREDENTIALS.apiKey,
      SMS_HOOK_SECRET,
    },
    async stop() {
      await Promise.all([daraja.stop(), sms.stop()])
    },
  }
}

export interface World extends Outside {
  system: System
  /** Ends the system and the stand-ins. */
  end(): Promise<void>
}

/** The system with the outside around it. */
export async function startWorld({ env = {}, database, ...outsideOptions }: SystemOptions & OutsideOptions = {}): Promise<World> {
  const outside = await startOutside(outsideOptions)
  try {
    const system = await startSystem({ ...(database === undefined ? {} : { database }), env: { ...outside.env, ...env } })
    outside.sms.control.setReportUrl(`${system.url}/hooks/sms/${SMS_HOOK_SECRET}/delivery`)
    const end = async (): Promise<void> => {
      await system.dispose()
      await outside.stop()
    }
    return { ...outside, system, end }
  } catch (error) {
    await outside.stop()
    throw error
  }
}

/** Posts to the address of Safaricom's callbacks, as anybody on the network may. */
export function callBack(system: System, body: unknown, headers: Record<string, string> = {}): Promise<Answer<{ ResultCode: number; ResultDesc: string }>> {
  return system.ask(`/hooks/daraja/${DARAJA_HOOK_SECRET}/stk`, { body, headers, anonymous: true })
}
