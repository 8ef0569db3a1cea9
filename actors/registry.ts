/** Every actor type there is. */
import type { ActorDefinition, Address } from '../runtime/index.ts'
import { defineApproval } from './approval/definition.ts'
import type { CredentialIssuer } from './credentials.ts'
import { GatewayError } from './gateways/errors.ts'
import type { MpesaGateway } from './gateways/mpesa/port.ts'
import type { SmsGateway } from './gateways/sms/port.ts'
import { defineHotspotSession } from './hotspot-session/definition.ts'
import { liveAccess as applyLiveAccess, type LiveAccessParts } from './live-access/apply.ts'
import { defineNotification } from './notification/definition.ts'
import type { ContactRules } from './notification/effects.ts'
import type { QuietHours } from './notification/quiet-hours.ts'
import { definePayment } from './payment/definition.ts'
import { defineRouter } from './router/definition.ts'
import type { VoucherCodes } from './voucher/codes.ts'
import { defineVoucher } from './voucher/definition.ts'
import { defineVoucherBatch } from './voucher-batch/definition.ts'
import type { RouterCalls } from './router/calls.ts'
import type { ResultUrls } from './payment/effects.ts'
import { receiptPaymentIds, type Directory, type ReceiptIds } from './payment/received-money.ts'
import { defineReconciliation } from './reconciliation/definition.ts'
import type { StatementRows } from './reconciliation/matching.ts'
import { defineSubscription } from './subscription/definition.ts'

export interface RegistryDeps {
  mpesa: MpesaGateway
  sms: SmsGateway
  credentials: CredentialIssuer
  /** Without it routers are known but cannot be looked at. */
  routers?: RouterCalls
  liveAccess: LiveAccessParts
  /** Default: nobody has opted out, and nothing was sent before. */
  contactRules?: ContactRules
  /** Without it no batch of vouchers can be made. */
  voucherCodes?: VoucherCodes
  /** Default: what is pulled is kept nowhere, and every day matches. */
  statements?: StatementRows
  config?: RegistryConfig
}

export interface RegistryConfig {
  /** Of times in messages, and of days. Default `Africa/Nairobi`. */
  timeZone?: string
  /** Default: none. */
  quietHours?: QuietHours
  /** What the payer sees; 1-13 characters. Default `Internet`. */
  paymentDescription?: string
  /** See `PaymentCalls.callbackUrl`. Default: the gateway's own address. */
  callbackUrl?: (payment: Address) => string
  /** See `PaymentCalls.resultUrls`. Needed to send money back. */
  resultUrls?: ResultUrls
  /** Where money that nobody told us of finds its owner; usually the engine itself. */
  directory?: Directory
  /** The payment of a receipt; must be the edge's. */
  receiptIds?: ReceiptIds
}

const NO_RULES: ContactRules = { hasOptedOut: () => Promise.resolve(false), lastSentAt: () => Promise.resolve(undefined), optOut: () => Promise.resolve() }
const NO_STATEMENTS: StatementRows = { addPulled: () => Promise.resolve(), countUnexplained: () => Promise.resolve({ provider: 0, ours: 0 }) }
const NO_QUIET_HOURS: QuietHours = { from: '00:00', to: '00:00' }

export function createRegistry(deps: RegistryDeps): readonly ActorDefinition[] {
  const { mpesa, sms, credentials, liveAccess, routers = NO_ROUTERS, voucherCodes = NO_CODES, contactRules = NO_RULES, statements = NO_STATEMENTS, config = {} } = deps
  const { timeZone = 'Africa/Nairobi', quietHours = NO_QUIET_HOURS, paymentDescription = 'Internet', callbackUrl } = config
  const { resultUrls = noResultUrls, directory = nobody, receiptIds = receiptPaymentIds('') } = config
  return [
    definePayment({ mpesa, receiptIds, resultUrls, description: paymentDescription, ...(callbackUrl === undefined ? {} : { callbackUrl }) }),
    defineReconciliation({ mpesa, directory, receiptIds, providerNow: () => Date.now(), statements, timeZone }),
    defineHotspotSession({ credentials, liveAccess }),
    defineSubscription({ credentials, applyAccess: applyLiveAccess(liveAccess) }),
    defineNotification({ sms, credentials, timeZone, contactRules, quietHours }),
    defineRouter(routers),
    defineVoucher(),
    defineVoucherBatch({ codes: voucherCodes }),
    defineApproval(),
  ]
}

/** Knows nobody: then all money is looked at by a person. */
const nobody: Directory = { search: async () => [], get: async () => undefined }

/** A return whose result cannot come would be uncertain for ever: better not to begin. */
const noResultUrls: ResultUrls = () => {
  throw new GatewayError('result-address-missing', 'nobody has said where results of returned money go')
}

function inert(): never {
  throw new Error('this registry only describes; make one with createRegistry() to run it')
}

const NO_ROUTERS: RouterCalls = {
  routerOs: { connect: inert },
  live: { accesses: inert, withAccess: inert, counted: inert, saveUsage: inert, withoutAccess: inert, heardAt: inert, saveReading: inert, saveAccessPoints: inert },
  secrets: { radius: inert, api: inert, heartbeatToken: inert, isHeartbeatToken: inert, firstEnrolment: inert, newEnrolment: inert, enrolmentHash: inert },
}

const NO_CODES: VoucherCodes = { code: inert, hash: inert }

/** The same types without a world: for whoever only reads definitions, such as the word check and the API description. */
export const registry: readonly ActorDefinition[] = createRegistry({
  mpesa: { stkPush: inert, stkQuery: inert, reverse: inert, payOut: inert, askStatus: inert, pullTransactions: inert, registerC2b: inert },
  sms: { send: inert },
  credentials: { issue: inert },
  liveAccess: { radius: { disconnect: inert, changeAuthorization: inert }, logins: { of: inert, closeGone: inert } },
})
