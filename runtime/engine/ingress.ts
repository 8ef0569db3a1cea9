/** Checks what comes from outside before it reaches a mailbox (R8). */
import type { Schema } from '../definition.ts'
import { StandingError } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { matchesDescriptor } from '../machine/descriptors.ts'
import { toPlain } from '../machine/plain.ts'
import type { Json } from '../model/json.ts'
import type { EventObject } from '../model/messages.ts'

/**
 * The event as plain data, checked against its schema.
 * @throws StandingError `invalid-event` (reserved type, no schema, wrong payload) or `payload-too-large`.
 */
export function checkEvent(compiled: CompiledActor, event: EventObject, eventBytes: number): EventObject {
  if (typeof event !== 'object' || event === null || typeof event.type !== 'string' || event.type === '') {
    throw invalidEvent('an event is an object with a type', [{ pointer: '/type', detail: 'a non-empty string' }])
  }
  const { type } = event
  if (type === '*' || type.startsWith('xstate.') || type.startsWith('standing.')) {
    throw invalidEvent(`events of type '${type}' are reserved and cannot be sent`, [{ pointer: '/type', detail: 'reserved' }])
  }
  if (!TYPE_PATTERN.test(type)) throw invalidEvent('an event type has 1 to 200 printable characters', [{ pointer: '/type', detail: '1 to 200 printable characters' }])
  const plain = plainCopy(event, eventBytes) as EventObject
  const { events } = compiled.definition
  if (events === undefined) return plain
  // Own ones only: every object has a `constructor` and a `toString`, which are no schemas.
  const schema = Object.hasOwn(events, type) ? events[type] : undefined
  if (schema === undefined) {
    const known = compiled.machine.events.some((descriptor: string) => matchesDescriptor(type, descriptor))
    throw invalidEvent(known ? `'${type}' is internal and cannot be sent` : `'${type}' is not an event of '${compiled.type}'`, [{ pointer: '/type', detail: `one of: ${Object.keys(events).join(', ')}` }])
  }
  const { type: _type, ...payload } = plain
  const data = parse(schema, payload, (errors) => invalidEvent(`the payload of '${type}' does not fit its schema`, errors))
  return { ...(toPlain(data, `the payload of '${type}'`).data as object), type }
}

// A database's text takes no NUL; a type of any length would fill its indexes.
// eslint-disable-next-line no-control-regex -- the control characters are exactly what is refused
const TYPE_PATTERN = /^[^\u0000-\u001f\u007f]{1,200}$/

/** @throws StandingError `invalid-input` or `payload-too-large`. */
export function checkInput(compiled: CompiledActor, input: unknown, inputBytes: number): Json | undefined {
  const { input: schema } = compiled.definition
  const plain = input === undefined ? undefined : plainCopy(input, inputBytes)
  if (schema === undefined) return plain as Json | undefined
  const data = parse(schema, plain, (errors) => new StandingError('invalid-input', `the input of '${compiled.type}' does not fit its schema`, { errors }))
  return data === undefined ? undefined : (toPlain(data, `the input of '${compiled.type}'`).data as Json)
}

function parse(schema: Schema, value: unknown, fail: (errors: FieldError[]) => StandingError): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw fail(result.error.issues.flatMap((issue) => unknownKeys(issue).map((keys) => ({ pointer: pointerOf([...issue.path, ...keys]), detail: issue.message }))))
}

/** zod names all unknown fields of an object in one issue; each gets a pointer of its own. */
function unknownKeys(issue: object): PropertyKey[][] {
  return 'keys' in issue && Array.isArray(issue.keys) ? issue.keys.map((key: unknown) => [String(key)]) : [[]]
}

/** RFC 6901. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** What JSON keeps of it: nobody else can change it afterwards, and a reload gives the same. */
function plainCopy(value: unknown, bytes: number): unknown {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw invalidEvent(`the payload is not plain data: ${error instanceof Error ? error.message : String(error)}`, [])
  }
  if (text === undefined) throw invalidEvent('the payload is not plain data', [])
  const size = Buffer.byteLength(text)
  if (size > bytes) throw new StandingError('payload-too-large', `the payload has ${size} bytes; ${bytes} are allowed (R9)`)
  return JSON.parse(text) as unknown
}

function invalidEvent(message: string, errors: FieldError[]): StandingError {
  return new StandingError('invalid-event', message, errors.length === 0 ? {} : { errors })
}
