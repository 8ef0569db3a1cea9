/** Every actor type there is. */
import type { ActorDefinition, Address, EffectDefinition } from '../runtime/index.ts'
import type { CredentialIssuer } from './credentials.ts'
import type { MpesaGateway } from './gateways/mpesa/port.ts'
import type { SmsGateway } from './gateways/sms/port.ts'
import { defineHotspotSession } from './hotspot-session/definition.ts'
import { noLiveAccess } from './live-access/none.ts'
import { defineNotification } from './notification/definition.ts'
import type { ContactRules } from './notification/effects.ts'
import type { QuietHours } from './notification/quiet-hours.ts'
import { definePayment } from './payment/definition.ts'
import { defineSubscription } from './subscription/definition.ts'

export interface RegistryDeps {
  mpesa: MpesaGateway
  sms: SmsGateway
  credentials: CredentialIssuer
  /** Default: nobody has opted out, and nothing was sent before. */
  contactRules?: ContactRules
  /** Tells open sessions. Default: there are no routers. */
  applyAccess?: EffectDefinition
  config?: RegistryConfig
}

export interface RegistryConfig {
  /** Of times in messages. Default `Africa/Nairobi`. */
  timeZone?: string
  /** Default: none. */
  quietHours?: QuietHours
  /** What the payer sees; 1-13 characters. Default `Internet`. */
  paymentDescription?: string
  /** See `PaymentCalls.callbackUrl`. Default: the gateway's own address. */
  callbackUrl?: (payment: Address) => string
}

const NO_RULES: ContactRules = { hasOptedOut: () => Promise.resolve(false), lastSentAt: () => Promise.resolve(undefined) }
const NO_QUIET_HOURS: QuietHours = { from: '00:00', to: '00:00' }

export function createRegistry({ mpesa, sms, credentials, contactRules = NO_RULES, applyAccess = noLiveAccess(), config = {} }: RegistryDeps): readonly ActorDefinition[] {
  const { timeZone = 'Africa/Nairobi', quietHours = NO_QUIET_HOURS, paymentDescription = 'Internet', callbackUrl } = config
  return [
    definePayment({ mpesa, description: paymentDescription, ...(callbackUrl === undefined ? {} : { callbackUrl }) }),
    defineHotspotSession({ credentials }),
    defineSubscription({ credentials, applyAccess }),
    defineNotification({ sms, credentials, timeZone, contactRules, quietHours }),
  ]
}

function inert(): never {
  throw new Error('this registry only describes; make one with createRegistry() to run it')
}

/** The same types without a world: for whoever only reads definitions, such as the word check and the API description. */
export const registry: readonly ActorDefinition[] = createRegistry({
  mpesa: { stkPush: inert, stkQuery: inert },
  sms: { send: inert },
  credentials: { issue: inert },
})
