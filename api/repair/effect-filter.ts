/** What outside calls can be asked for by: a lane, a name or a type that is not there matches nothing, whatever has failed. */
import { LANES } from '../../actors/lanes.ts'
import { demandKnown } from '../http/known.ts'
import type { Runtime } from '../../runtime/index.ts'

/** @throws Problem `invalid-input` that names the allowed values; `pointer` leads to the filter. */
export function demandEffectFilter(runtime: Pick<Runtime, 'definitions'>, { lane, name, type }: { lane?: string | undefined; name?: string | undefined; type?: string | undefined }, pointer: string, where?: 'query'): void {
  const definitions = runtime.definitions()
  demandKnown(lane, Object.keys(LANES), `${pointer}/lane`, where)
  demandKnown(type, definitions.map((definition) => definition.type), `${pointer}/type`, where)
  const asked = type === undefined ? definitions : definitions.filter((definition) => definition.type === type)
  demandKnown(name, asked.flatMap(({ effects = {} }) => Object.keys(effects)), `${pointer}/name`, where)
}
