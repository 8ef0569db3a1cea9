/** The NATS client, for tests that look at the broker from outside. The only file beside the bus that imports it. */
export { AckPolicy, connect, DeliverPolicy, headers } from 'nats'
export type { JetStreamManager, JsMsg, Msg, NatsConnection } from 'nats'
