/** The clients of the outside systems, as the settings name them. */
import { createDarajaClient } from './mpesa/client.ts'
import type { MpesaGateway } from './mpesa/port.ts'
import { createAfricasTalkingClient } from './sms/africas-talking.ts'
import { withFallback } from './sms/fallback.ts'
import type { SmsGateway } from './sms/port.ts'
import { createTwilioClient } from './sms/twilio.ts'

type Name =
  | `DARAJA_${'BASE_URL' | 'CONSUMER_KEY' | 'CONSUMER_SECRET' | 'SHORTCODE' | 'PASSKEY' | 'CALLBACK_BASE_URL' | 'INITIATOR_NAME' | 'SECURITY_CREDENTIAL' | 'B2C_SHORTCODE'}`
  | `AT_${'BASE_URL' | 'USERNAME' | 'API_KEY' | 'SENDER'}`
  | `TWILIO_${'BASE_URL' | 'ACCOUNT_SID' | 'AUTH_TOKEN' | 'SENDER'}`

export type GatewaySettings = { readonly [name in Name]?: string | undefined } & { readonly DARAJA_C2B_VERSION: 'v1' | 'v2' }

/** A system is used, and nobody has said how. */
export class MissingSettingError extends Error {
  override readonly name = 'MissingSettingError'
}

/** @throws MissingSettingError */
export function mpesaFrom(settings: GatewaySettings): MpesaGateway {
  const { DARAJA_INITIATOR_NAME: name, DARAJA_SECURITY_CREDENTIAL: securityCredential, DARAJA_B2C_SHORTCODE: payoutShortcode } = settings
  return createDarajaClient({
    baseUrl: needed(settings, 'DARAJA_BASE_URL'),
    consumerKey: needed(settings, 'DARAJA_CONSUMER_KEY'),
    consumerSecret: needed(settings, 'DARAJA_CONSUMER_SECRET'),
    shortcode: needed(settings, 'DARAJA_SHORTCODE'),
    passkey: needed(settings, 'DARAJA_PASSKEY'),
    transactionType: 'CustomerPayBillOnline',
    // Each push names its own; this one is for a client used alone.
    callbackUrl: settings.DARAJA_CALLBACK_BASE_URL ?? 'http://127.0.0.1',
    initiator: name === undefined || securityCredential === undefined ? undefined : { name, securityCredential, payoutShortcode },
    c2bVersion: settings.DARAJA_C2B_VERSION,
    // Safaricom compares the timestamp with its own clock, which nobody moves.
    clock: () => Date.now(),
  })
}

/**
 * Africa's Talking, and Twilio behind it where it is named.
 *
 * @param twilioStatus where Twilio reports deliveries to.
 * @throws MissingSettingError
 */
export function smsFrom(settings: GatewaySettings, twilioStatus: () => string): SmsGateway {
  const first = createAfricasTalkingClient({
    baseUrl: needed(settings, 'AT_BASE_URL'),
    username: needed(settings, 'AT_USERNAME'),
    apiKey: needed(settings, 'AT_API_KEY'),
    ...(settings.AT_SENDER === undefined ? {} : { sender: settings.AT_SENDER }),
  })
  if (settings.TWILIO_BASE_URL === undefined) return first
  const second = createTwilioClient({
    baseUrl: settings.TWILIO_BASE_URL,
    accountSid: needed(settings, 'TWILIO_ACCOUNT_SID'),
    authToken: needed(settings, 'TWILIO_AUTH_TOKEN'),
    sender: needed(settings, 'TWILIO_SENDER'),
    statusCallback: twilioStatus,
  })
  return withFallback(first, second)
}

function needed(settings: GatewaySettings, name: Name): string {
  const value = settings[name]
  if (value === undefined) throw new MissingSettingError(`${name} is required when its system is not played by a stand-in`)
  return value
}
