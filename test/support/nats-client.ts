/** The NATS client, for tests that look at the broker from outside. The only file beside the bus that imports it. */
import { nkeys } from 'nats'

export { AckPolicy, connect, DeliverPolicy, headers } from 'nats'
export type { JetStreamManager, JsMsg, Msg, NatsConnection } from 'nats'

/** A user who proves who he is with a key: what the server knows, and what only he does. */
export function nkeyUser(): { publicKey: string; seed: string } {
  // The client gives this part no types.
  const pair = (nkeys as { createUser(): { getPublicKey(): string; getSeed(): Uint8Array } }).createUser()
  return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) }
}
