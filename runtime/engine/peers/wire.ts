/** What nodes say to each other: commands with their answers, and hints. All of it is plain data. */
import { ERROR_CODES, StandingError, toErrorRecord } from '../../errors.ts'
import type { ErrorCode } from '../../errors.ts'
import type { Json, JsonObject } from '../../model/json.ts'
import type { BatchItemResult, Runtime } from '../../runtime-face.ts'

/** Commands that belong to one slice, and so to its owner. */
export const COMMANDS = ['send', 'create', 'sendMany', 'fireTimer', 'moveTimer', 'block', 'unblock', 'retryParked', 'skipParked', 'discardParked', 'retryEffect', 'cancelEffect'] as const
export type CommandName = (typeof COMMANDS)[number]
export type Commands = Pick<Runtime, CommandName>

export type PeerRequest =
  | { do: 'command'; name: CommandName; slice: number; args: Json[] }
  /** Slices have become free, or somebody waits for some. */
  | { do: 'beat' }
  /** Actors of yours were moved on here; what that set off stands in the tables. */
  | { do: 'look'; actors: string[]; effectsGone: string[] }

export type PeerAnswer =
  | { is: 'done'; value: Json }
  | { is: 'failed'; error: WireError }
  /** Not the owner (any more), or not running: nothing was done. */
  | { is: 'declined' }

interface WireError {
  /** Absent for what is no error of the catalogue. */
  code?: ErrorCode
  message: string
  details: JsonObject
}

export function toWireError(thrown: unknown): WireError {
  if (!(thrown instanceof StandingError)) return { message: toErrorRecord(thrown).message, details: {} }
  const { cause: _cause, ...details } = thrown.details
  return { code: thrown.code, message: thrown.message, details: toJson(details) as JsonObject }
}

export function fromWireError({ code, message, details }: WireError): Error {
  return code !== undefined && code in ERROR_CODES ? new StandingError(code, message, details) : new Error(message)
}

export type WireItem = { ok: true; result: Json } | { ok: false; error: WireError }

export function toWireItem(item: BatchItemResult): Json {
  return toJson(item.ok ? item : { ok: false, error: toWireError(item.error) })
}

export function fromWireItem(item: Json): BatchItemResult {
  const wire = item as unknown as WireItem
  return wire.ok ? ({ ok: true, result: wire.result } as unknown as BatchItemResult) : { ok: false, error: fromWireError(wire.error) }
}

/** As it will look on the other side. */
export function toJson(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json)
}
