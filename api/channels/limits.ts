/** R9: bounds of the live channels. */
export interface ChannelLimits {
  /** Of one node; more are asked to come back later. */
  connections: number
  /** Of one address at one node, of sockets and of streams each. Behind one address may be all the guests of a hotspot. */
  connectionsPerAddress: number
  channelsPerConnection: number
  /** Over this a client is sent away: it reads more slowly than things happen. */
  unsentBytes: number
  /** What a client may send at once. */
  messageBytes: number
  messagesPerSecond: number
  /** A client that has heard nothing for so long asks whether we are there. */
  activityMs: number
  /** How long an answer to that may take. */
  pongMs: number
  /** Silence on a stream of server-sent events is broken this often. */
  heartbeatMs: number
}

export const CHANNEL_LIMITS: ChannelLimits = {
  connections: 10_000,
  connectionsPerAddress: 1_000,
  channelsPerConnection: 100,
  unsentBytes: 1_024 * 1_024,
  messageBytes: 16 * 1_024,
  messagesPerSecond: 200,
  activityMs: 30_000,
  pongMs: 30_000,
  heartbeatMs: 15_000,
}
