/** Every deployed machine as data: what an actor's stored version looked like, for ever. */
import { createHash } from 'node:crypto'
import type { CompiledActor } from '../machine/compile.ts'
import type { MachineRow } from '../ports/store.ts'

export function machineRows(compiled: ReadonlyMap<string, CompiledActor>, at: number): MachineRow[] {
  return [...compiled.values()].map(({ type, definition }) => {
    const json = JSON.stringify(definition.machine.definition)
    return { type, version: definition.version, hash: createHash('sha256').update(json).digest('hex'), definition: json, deployedAt: at }
  })
}
