/**
 * Stores web hooks in groups: while inserts are on their way the next group gathers, and an idle writer inserts at
 * once. A burst of a thousand callbacks is then a handful of inserts, and a single one waits for nobody.
 */
import { Problem } from '../http/problem.ts'
import type { HookInbox, NewHook, StoreResult } from '../ports/hook-inbox.ts'

const GROUP_MAX = 250
/** R9: beyond this the sender is told to come again. */
const WAITING_MAX = 20_000
/** So many single inserts failing in a row is no bad row but a bad database. */
const FAILURES_MAX = 3

interface Waiting {
  hook: NewHook
  resolve: (result: StoreResult) => void
  reject: (error: unknown) => void
}

export interface InboxWriter {
  /** Resolves when the hook is durable. */
  write(hook: NewHook): Promise<StoreResult>
}

/** @param insertsAtOnce with more, those that come meanwhile wait for none, but groups are smaller, and each costs as much as a large one */
export function inboxWriter(inbox: Pick<HookInbox, 'storeMany'>, insertsAtOnce = 1): InboxWriter {
  let waiting: Waiting[] = []
  let inserting = 0

  async function drain(): Promise<void> {
    inserting++
    while (waiting.length > 0) {
      const group = waiting.slice(0, GROUP_MAX)
      waiting = waiting.slice(GROUP_MAX)
      await storeGroup(group)
    }
    inserting--
  }

  async function storeGroup(group: readonly Waiting[]): Promise<void> {
    if ((await tryStore(group)) === 'stored') return
    // One row that cannot be stored must not cost its neighbours.
    let failures = 0
    for (const one of group) {
      const outcome = failures < FAILURES_MAX ? await tryStore([one]) : lastFailure
      if (outcome === 'stored') failures = 0
      else {
        failures++
        lastFailure = outcome
        one.reject(outcome.error)
      }
    }
  }

  let lastFailure = { error: new Error('not tried') as unknown }

  async function tryStore(group: readonly Waiting[]): Promise<'stored' | { error: unknown }> {
    // One statement cannot store the same content twice.
    const distinct = [...new Map(group.map(({ hook }) => [keyOf(hook), hook])).values()]
    try {
      const results = await inbox.storeMany(distinct)
      const byKey = new Map(distinct.map((hook, index) => [keyOf(hook), results[index]]))
      settle(group, byKey)
      return 'stored'
    } catch (error) {
      return { error }
    }
  }

  return {
    write(hook) {
      if (waiting.length >= WAITING_MAX) return Promise.reject(new Problem('overloaded'))
      return new Promise((resolve, reject) => {
        waiting.push({ hook, resolve, reject })
        if (inserting < insertsAtOnce) void drain()
      })
    },
  }
}

function settle(group: readonly Waiting[], byKey: ReadonlyMap<string, StoreResult | undefined>): void {
  const seen = new Set<string>()
  for (const { hook, resolve, reject } of group) {
    const key = keyOf(hook)
    const result = byKey.get(key)
    if (result === undefined) reject(new Error('the inbox gave fewer results than it was given hooks'))
    else resolve(seen.has(key) ? { ...result, fresh: false } : result)
    seen.add(key)
  }
}

function keyOf(hook: NewHook): string {
  return `${hook.provider}/${hook.contentHash}`
}
