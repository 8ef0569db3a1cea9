/** A stand-in, a receiver of its callbacks and a client, wired together. */
import { onTestFinished } from 'vitest'
import { createDarajaClient, type DarajaClientOptions } from '../../../actors/gateways/mpesa/client.ts'
import { parseStkCallback } from '../../../actors/gateways/mpesa/callback.ts'
import { isGatewayError, type GatewayError } from '../../../actors/gateways/errors.ts'
import { DARAJA_SANDBOX_CREDENTIALS, startDaraja, type DarajaOptions } from '../../../sandbox/daraja/index.ts'
import { startReceiver } from './servers.ts'

export const PHONE = '254708374149'

export function pushOf(phone = PHONE, amount = 1_000) {
  return { phone, amount, currency: 'KES', accountReference: 'ACC-1', description: 'One hour' }
}

let keys = 0
/** Options with a key of their own. */
export function fresh(signal?: AbortSignal) {
  keys += 1
  return { idempotencyKey: `key-${keys}`, signal }
}

export async function startWorld(options: DarajaOptions = {}, clientOptions: Partial<DarajaClientOptions> = {}) {
  const receiver = await startReceiver()
  const daraja = await startDaraja({ callbackAfterMs: 0, delivery: { retryAfterMs: 1 }, ...options })
  onTestFinished(async () => {
    await daraja.stop()
    await receiver.stop()
  })
  const client = createDarajaClient({
    ...DARAJA_SANDBOX_CREDENTIALS,
    baseUrl: daraja.url,
    transactionType: 'CustomerPayBillOnline',
    callbackUrl: `${receiver.url}/hooks/stk`,
    clock: Date.now,
    timeoutMs: 10_000,
    ...clientOptions,
  })
  /** The callbacks so far, at least so many, as the system understands them. */
  const callbacks = async (count: number) =>
    (await receiver.until(count)).map((body) => {
      const result = parseStkCallback(JSON.parse(body))
      if (!result.ok) throw new Error(result.problem)
      return result.callback
    })
  return { daraja, control: daraja.control, receiver, client, callbacks }
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await call.then(() => undefined, (thrown: unknown) => thrown)
  if (isGatewayError(error)) return error
  throw error instanceof Error ? error : new Error('the call succeeded')
}
