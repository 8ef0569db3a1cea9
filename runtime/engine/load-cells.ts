/** Brings stored actors into their cells. */
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { fromStored } from '../step/actor-state.ts'
import type { Cell } from './cell.ts'

export interface LoadParts {
  compiled: ReadonlyMap<string, CompiledActor>
  store: Store
  log: Log
}

/** Sets the state of every cell. @throws what the store throws; then no cell has changed. */
export async function loadCells({ compiled, store, log }: LoadParts, scope: StepScope, cells: readonly Cell[]): Promise<void> {
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
