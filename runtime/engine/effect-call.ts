/** One attempt of one effect: finds the implementation and calls it under its time limit. */
import type { EffectDefinition } from '../definition.ts'
import { RetryableError, StandingError } from '../errors.ts'
import { addressRef } from '../machine/address-ref.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { toPlain } from '../machine/plain.ts'
import type { EffectRow } from '../model/records.ts'
import { DEFAULT_TIMEOUT_MS } from './retry.ts'

export function effectOf(compiled: CompiledActor | undefined, row: EffectRow): EffectDefinition | undefined {
  if (row.kind === 'invoke') {
    const child = compiled?.children.get(row.name)
    return child?.kind === 'effect' ? child.effect : undefined
  }
  const action = compiled?.actions.get(row.name)
  return action?.kind === 'effect' ? action.effect : undefined
}

export interface Attempt {
  /** 1 for the first. */
  number: number
  at: number
  interrupted: boolean
}

/**
 * Runs it once. Resolves with the output as plain data.
 * @throws what the implementation throws, or RetryableError when the time is over.
 */
export async function callEffect(compiled: CompiledActor | undefined, row: EffectRow, attempt: Attempt, signal: AbortSignal): Promise<unknown> {
  const effect = effectOf(compiled, row)
  // One controller that hears of both ends: `AbortSignal.any` costs more than all else here.
  const stop = new AbortController()
  const timeoutMs = effect?.timeoutMs ?? DEFAULT_TIMEOUT_MS
  // Real time, whatever the engine's clock says: it bounds a real call.
  const timer = setTimeout(() => stop.abort(new RetryableError(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const cancel = (): void => stop.abort(signal.reason)
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  try {
    const call = Promise.resolve().then(() => {
      // Killed or cancelled since the attempt began: the outside must not hear of it any more.
      stop.signal.throwIfAborted()
      return invoke(compiled, row, attempt, stop.signal)
    })
    const output = await Promise.race([call, aborted(stop.signal)])
    return output === undefined ? undefined : toPlain(output, `the output of '${row.name}'`).data
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
  }
}

function invoke(compiled: CompiledActor | undefined, row: EffectRow, attempt: Attempt, signal: AbortSignal): unknown {
  const input: unknown = JSON.parse(row.input)
  const { number, at, interrupted } = attempt
  const context = { key: row.key, address: row.address, attempt: number, interrupted, signal, at, correlationId: row.correlationId, event: undefined }
  if (row.kind === 'invoke') {
    const child = compiled?.children.get(row.name)
    if (child?.kind === 'effect' && child.effect !== undefined) return child.effect.run(input as never, context)
    if (child?.kind === 'effect' && child.creator !== undefined) {
      // The machine's own fromPromise function, called as XState would.
      const self = addressRef(row.address)
      return child.creator({ input: input ?? undefined, signal, self, system: undefined, emit: () => undefined })
    }
  } else {
    const { params, event, context: machineContext } = input as { params: unknown; event: { type: string }; context?: unknown }
    const action = compiled?.actions.get(row.name)
    if (action?.kind === 'effect') return action.effect.run((params ?? undefined) as never, { ...context, event })
    if (action?.kind === 'function') return action.run({ context: machineContext, event, self: addressRef(row.address), system: undefined }, params ?? undefined)
  }
  throw new StandingError('invalid-definition', `no implementation of '${row.name}' for actors of type '${row.address.type}'`)
}

/** Frees the lane even when the implementation does not heed its signal. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
