/** An M-Pesa that does only what a test says; any other call fails loudly. */
import type { MpesaGateway } from '../../actors/gateways/mpesa/port.ts'

export function fakeMpesa(calls: Partial<MpesaGateway>): MpesaGateway {
  const unexpected = (name: string) => async () => {
    throw new Error(`no test prepared mpesa.${name}()`)
  }
  return {
    stkPush: unexpected('stkPush'),
    stkQuery: unexpected('stkQuery'),
    reverse: unexpected('reverse'),
    payOut: unexpected('payOut'),
    askStatus: unexpected('askStatus'),
    pullTransactions: unexpected('pullTransactions'),
    registerC2b: unexpected('registerC2b'),
    ...calls,
  }
}
