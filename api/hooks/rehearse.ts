/** What a stored web hook would do if it were brought to its actor now: found and judged as the processor does, and nothing is stored or sent. */
import type { Address, DryRunView, EventObject, Runtime } from '../../runtime/index.ts'
import type { MoneyDestination } from '../payments/receive-money.ts'
import type { ReceivedMoney } from '../../actors/payment/received-money.ts'
import type { FoundHook, HookOutcome } from '../ports/hook-inbox.ts'
import { readHook, type HookHandler } from './handler.ts'
import { resolveHooks, type ResolveDeps } from './resolve.ts'
import { bodyBytes } from './stored-body.ts'
import { isSettled, judge } from './verdict.ts'

export interface Rehearsal {
  /** How it would end; `later`: it would be tried again. */
  would: HookOutcome | 'later'
  note: string | null
  /** Its actor has taken it already, under the same event id: brought there again it changes nothing (R3). */
  isTaken: boolean
  to: Address | null
  /** What its actor would be told. */
  event: EventObject | null
  /** What the actor would be made of: money that nobody has announced. */
  input: object | null
  /** What a customer wants about being written to. */
  wish: string | null
  dryRun: DryRunView | null
}

export interface RehearseDeps extends ResolveDeps {
  runtime: Pick<Runtime, 'search' | 'dryRun'>
  handlers: readonly HookHandler[]
  destinationOf: (money: ReceivedMoney) => Promise<MoneyDestination>
  now: () => number
  unmatchedAfterMs: number
}

const NOTHING = { note: null, isTaken: false, to: null, event: null, input: null, wish: null, dryRun: null }

export async function rehearseHook(deps: RehearseDeps, hook: FoundHook): Promise<Rehearsal> {
  // Quarantined for where it came from; what is in it is not even read.
  if (hook.outcome === 'forged') return { ...NOTHING, would: 'forged', note: hook.note }
  const isTaken = hook.outcome === 'applied'
  const reading = readHook(deps.handlers, hook, bodyBytes(hook.body))
  if (!reading.ok) return { ...NOTHING, would: 'unreadable', note: reading.problem }
  if ('contact' in reading) return { ...NOTHING, would: 'applied', isTaken, wish: reading.contact.wish }
  if ('money' in reading) {
    const found = await deps.destinationOf(reading.money)
    if (found.kind === 'known') return { ...NOTHING, would: 'applied', note: 'its payment is known already', isTaken, to: found.to }
    if (found.kind === 'new') return { ...NOTHING, would: 'applied', isTaken, to: found.to, input: found.input }
    return told(found.to, found.event)
  }
  const [resolved] = await resolveHooks(deps, [reading])
  if (resolved?.to !== undefined) return told(resolved.to, resolved.event)
  return { ...NOTHING, ...endOf(judge.unmatched(hook, deps.now(), deps.unmatchedAfterMs)), event: reading.event }

  async function told(to: Address, event: EventObject): Promise<Rehearsal> {
    const base = { ...NOTHING, isTaken, to, event }
    try {
      const dryRun = await deps.runtime.dryRun(to, event)
      return dryRun.accepted ? { ...base, would: 'applied', dryRun } : { ...base, would: 'refused', note: 'event-not-accepted', dryRun }
    } catch (error) {
      return { ...base, ...endOf(judge.sent(hook, to, { ok: false, error: error as Error }, deps.now(), deps.unmatchedAfterMs)) }
    }
  }
}

function endOf(verdict: ReturnType<typeof judge.sent>): { would: Rehearsal['would']; note: string | null } {
  return { would: isSettled(verdict) ? verdict.outcome : 'later', note: verdict.note ?? null }
}
