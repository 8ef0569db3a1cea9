/**
 * The port for integrations: commands that outside systems leave with the bus, and calls they make over it. The bus carries and
 * keeps order; what a command may do, and for whom, is decided by the edge that implements {@link IntegrationEdge}.
 */
import type { Address } from '../model/address.ts'
import type { Json, JsonObject } from '../model/json.ts'

/** One command as it arrived: well-formed, but neither permitted nor checked against the actor's schemas. */
export interface Command {
  readonly address: Address
  /** The sender's; or made from where the message is stored. The same when it is delivered again, so that R3 drops it. */
  readonly eventId: string
  readonly event: JsonObject & { type: string }
  /** When the bus stored it, in milliseconds since the epoch. */
  readonly sentAt: number
  /** Headers of the message, by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** 1 for the first try since it was delivered. */
  readonly attempt: number
}

export type CommandAnswer =
  /** It is committed, or durably parked: the message may go. */
  | { readonly outcome: 'done' }
  /** It will never be taken. It becomes a dead letter with this problem code and reason. */
  | { readonly outcome: 'refused'; readonly code: string; readonly reason: string }
  /** Not now. It is tried again after this time; later commands for the same actor wait behind it. */
  | { readonly outcome: 'later'; readonly afterMs: number }

export type ApiEndpoint = 'send' | 'get' | 'create'

/** A request that waits for its reply. */
export interface ApiCall {
  readonly endpoint: ApiEndpoint
  /** Undefined when it is no JSON. */
  readonly body: Json | undefined
  /** Headers of the request, by their names in lower case; credentials come here. */
  readonly headers: ReadonlyMap<string, string>
}

export type ApiReply =
  | { readonly ok: true; readonly body: Json }
  /** `status` as over HTTP; `body` a problem document. */
  | { readonly ok: false; readonly status: number; readonly message: string; readonly body?: Json }

/** What the edge does with them. */
export interface IntegrationEdge {
  /** A throw means that it is not known what became of it: it is tried again, like `later`. */
  command(command: Command): Promise<CommandAnswer>
  /** A throw is answered as an internal error, without its words. */
  call(call: ApiCall): Promise<ApiReply>
}

export interface Integrations {
  /** Resolves also when the broker is away: it is looked for until `stop`. */
  start(edge: IntegrationEdge): Promise<void>
  /** Takes nothing more and waits for what is under way. */
  stop(): Promise<void>
}
