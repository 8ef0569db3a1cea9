/** Every actor type there is. */
import type { ActorDefinition, Address } from '../runtime/index.ts'
import type { CredentialIssuer } from './credentials.ts'
import type { MpesaGateway } from './gateways/mpesa/port.ts'
import type { SmsGateway } from './gateways/sms/port.ts'
import { defineHotspotSession } from './hotspot-session/definition.ts'
import { defineNotification } from './notification/definition.ts'
import { definePayment } from './payment/definition.ts'
import { defineRouter } from './router/definition.ts'
import type { VoucherCodes } from './voucher/codes.ts'
import { defineVoucher } from './voucher/definition.ts'
import { defineVoucherBatch } from './voucher-batch/definition.ts'
import type { RouterCalls } from './router/probe.ts'

export interface RegistryDeps {
  mpesa: MpesaGateway
  sms: SmsGateway
  credentials: CredentialIssuer
  /** Without it routers are known but cannot be looked at. */
  routers?: RouterCalls
  /** Without it no batch of vouchers can be made. */
  voucherCodes?: VoucherCodes
  config?: RegistryConfig
}

export interface RegistryConfig {
  /** Of times in messages. Default `Africa/Nairobi`. */
  timeZone?: string
  /** What the payer sees; 1-13 characters. Default `Internet`. */
  paymentDescription?: string
  /** See `PaymentCalls.callbackUrl`. Default: the gateway's own address. */
  callbackUrl?: (payment: Address) => string
}

export function createRegistry({ mpesa, sms, credentials, routers = NO_ROUTERS, voucherCodes = NO_CODES, config = {} }: RegistryDeps): readonly ActorDefinition[] {
  const { timeZone = 'Africa/Nairobi', paymentDescription = 'Internet', callbackUrl } = config
  return [
    definePayment({ mpesa, description: paymentDescription, ...(callbackUrl === undefined ? {} : { callbackUrl }) }),
    defineHotspotSession({ credentials }),
    defineNotification({ sms, credentials, timeZone }),
    defineRouter(routers),
    defineVoucher(),
    defineVoucherBatch({ codes: voucherCodes }),
  ]
}

function inert(): never {
  throw new Error('this registry only describes; make one with createRegistry() to run it')
}

const NO_ROUTERS: RouterCalls = {
  routerOs: { connect: inert },
  live: { heardAt: inert, saveReading: inert, saveAccessPoints: inert },
  secrets: { radius: inert, api: inert, heartbeatToken: inert, isHeartbeatToken: inert, newEnrolment: inert, enrolmentHash: inert },
}

const NO_CODES: VoucherCodes = { code: inert, hash: inert }

/** The same types without a world: for whoever only reads definitions, such as the word check and the API description. */
export const registry: readonly ActorDefinition[] = createRegistry({
  mpesa: { stkPush: inert, stkQuery: inert },
  sms: { send: inert },
  credentials: { issue: inert },
})
