/** Brings stored actors into their cells. */
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { Log } from '../ports/log.ts'
import { StoreUnavailableError } from '../ports/store.ts'
import type { Store } from '../ports/store.ts'
import { fromStored } from '../step/actor-state.ts'
import type { Cell } from './cell.ts'

export interface LoadParts {
  compiled: ReadonlyMap<string, CompiledActor>
  store: Store
  log: Log
}

/** Sets the state of every cell. @throws StoreUnavailableError; then no cell has changed, or some, each rightly. */
export async function loadCells(parts: LoadParts, scope: StepScope, cells: readonly Cell[]): Promise<void> {
  try {
    await loadTogether(parts, scope, cells)
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error
    if (cells.length > 1) {
      // R7: one that cannot be read must not cost its neighbours.
      for (const cell of cells) await loadCells(parts, scope, [cell])
      return
    }
    for (const cell of cells) {
      parts.log.error({ actor: cell.key, err: error }, 'the database refuses to load this actor')
      cell.state = 'unfit'
    }
  }
}

async function loadTogether({ compiled, store, log }: LoadParts, scope: StepScope, cells: readonly Cell[]): Promise<void> {
  const loaded = await store.load(cells.map((cell) => cell.address))
  for (const cell of cells) {
    const found = loaded.get(cell.key)
    const definition = compiled.get(cell.address.type)
    if (found === undefined || definition === undefined) {
      cell.state = 'absent'
      continue
    }
    try {
      cell.state = fromStored(definition, scope, found)
    } catch (error) {
      // R12: held back and named; nobody else is troubled.
      log.error({ actor: cell.key, err: error }, 'a stored actor does not fit the code')
      cell.state = 'unfit'
    }
  }
}
