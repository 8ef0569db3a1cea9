/** Types read off a map of event schemas, so that a payload is described once. */
import type { z } from 'zod'

/** The union of events of a map `{type: schema of the payload}`. */
export type EventsOf<Schemas extends Readonly<Record<string, z.ZodType>>> = {
  [Type in keyof Schemas & string]: { type: Type } & z.output<Schemas[Type]>
}[keyof Schemas & string]
