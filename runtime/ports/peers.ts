/** The peers port: how nodes of one system ask each other for work on the slices they own. */
import type { Json } from '../model/json.ts'

export interface Peers {
  /** Answers what others ask of this node. What `answer` throws reaches the asker as PeerSilentError only when it is no answer of the protocol; handle errors inside. */
  start(self: string, answer: (request: Json) => Promise<Json>): Promise<void>
  stop(): Promise<void>
  /**
   * @throws PeerUnreachableError when certainly nobody by that name heard it;
   * PeerSilentError when no answer came in time: whether it was done is unknown.
   */
  ask(node: string, request: Json, timeoutMs: number): Promise<Json>
  /** Tells a node something that it may also miss. */
  hint(node: string, request: Json): void
}

/** Nobody by that name listens: nothing was done. */
export class PeerUnreachableError extends Error {
  override readonly name = 'PeerUnreachableError'
}

/** No answer in time: it may have been done or not. */
export class PeerSilentError extends Error {
  override readonly name = 'PeerSilentError'
}
