/**
 * So much of RouterOS's scripting as a script needs that goes through a menu by itself: locals, `:if`, `:foreach`, `set` and `remove`, and
 * expressions over texts, numbers and times. What is none of it is an error, as on a router.
 */
import { parseDuration } from './duration.ts'
import type { RouterRecord } from './record.ts'
import type { PlayedRouter } from './router.ts'

interface Time {
  seconds: number
}
/** Records are named by their number. */
type Value = string | number | boolean | Time | readonly string[] | undefined

/** @throws Error for what it does not understand */
export function runScript(router: PlayedRouter, source: string): void {
  runBlock(router, source, new Map())
}

function runBlock(router: PlayedRouter, block: string, locals: Map<string, Value>): void {
  for (const statement of split(block, ';')) runStatement(router, statement, locals)
}

function runStatement(router: PlayedRouter, statement: string, locals: Map<string, Value>): void {
  const valueOf = (expression: string): Value => evaluate(router, expression, locals)
  const [command = '', ...words] = split(statement, ' ')
  const block = blockOf(words.at(-1))
  if (command === ':local' && words.length === 2) return void locals.set(words[0] ?? '', valueOf(words[1] ?? ''))
  if (command === ':if' && block !== undefined) return valueOf(words[0] ?? '') === true ? runBlock(router, block, new Map(locals)) : undefined
  if (command === ':foreach' && block !== undefined) {
    for (const id of listOf(valueOf(words[1]?.replace(/^in=/, '') ?? ''))) runBlock(router, block, new Map(locals).set(words[0] ?? '', id))
    return
  }
  const { menu, verb, rest } = commandOf(statement)
  const [target = '', ...fields] = rest
  const ids = listOf(valueOf(target))
  if (verb === 'remove') for (const id of ids) router.remove(menu, id)
  else if (verb === 'set') for (const id of ids) router.change(menu, id, Object.fromEntries(fields.map((field) => pairOf(field, '=')).map(([name, text]) => [name, textOf(valueOf(text))])))
  else throw new Error(`syntax error: ${statement.slice(0, 80)}`)
}

function evaluate(router: PlayedRouter, expression: string, locals: ReadonlyMap<string, Value>): Value {
  const valueOf = (text: string): Value => evaluate(router, text, locals)
  const inner = expression.slice(1, -1).trim()
  if (expression.startsWith('"')) return expression.slice(1, -1).replace(/\\(.)/g, '$1')
  if (expression.startsWith('$')) return locals.get(expression.slice(1))
  if (/^\d+$/.test(expression)) return Number(expression)
  if (expression.startsWith('(')) {
    const [left = '', operator = '', right = ''] = split(inner, ' ')
    return combine(valueOf(left), operator, valueOf(right))
  }
  if (!expression.startsWith('[')) return expression
  if (inner.startsWith(':')) {
    const [name = '', ...given] = split(inner, ' ')
    return call(name, given.map(valueOf))
  }
  const { menu, verb, rest } = commandOf(inner)
  if (verb === 'find') return router.list(menu).filter((record) => rest.slice(1).every((condition) => holds(record, condition, valueOf))).map((record) => record['.id'] ?? '')
  const [record, field = ''] = router.isSingle(menu) ? [router.list(menu)[0], rest[0]] : [router.find(menu, textOf(valueOf(rest[0] ?? ''))), rest[1]]
  return field === 'uptime' ? call(':totime', [record?.[field]]) : record?.[field]
}

function call(name: string, [first, second, third]: readonly Value[]): Value {
  const text = textOf(first)
  switch (name) {
    case ':len':
      return text.length
    case ':find': {
      const at = text.indexOf(textOf(second))
      return at < 0 ? undefined : at
    }
    case ':pick':
      return text.slice(Number(second), Number(third))
    case ':totime': {
      const seconds = parseDuration(text)
      return Number.isNaN(seconds) ? undefined : { seconds }
    }
    case ':typeof':
      return typeof first === 'number' ? 'num' : typeof first === 'string' ? 'str' : first === undefined ? 'nil' : 'time'
    default:
      throw new Error(`bad command name ${name}`)
  }
}

function combine(left: Value, operator: string, right: Value): Value {
  if (operator === '.') return textOf(left) + textOf(right)
  if (operator === '=') return left === right
  const [a, b] = [numberOf(left), numberOf(right)]
  if (operator === '+') return a + b
  if (operator === '>=') return a >= b
  throw new Error(`syntax error: ${operator}`)
}

function holds(record: RouterRecord, condition: string, valueOf: (text: string) => Value): boolean {
  const operator = condition.includes('~') ? '~' : '='
  const [name, text] = pairOf(condition, operator)
  const wanted = textOf(valueOf(text))
  return operator === '~' ? new RegExp(wanted).test(record[name] ?? '') : record[name] === wanted
}

/** `/ip hotspot user find where ...` is the verb `find` of the menu `/ip/hotspot/user`. */
function commandOf(statement: string): { menu: string; verb: string; rest: string[] } {
  const words = split(statement, ' ')
  const at = words.findIndex((word) => ['find', 'get', 'set', 'remove'].includes(word))
  if (!statement.startsWith('/') || at < 1) throw new Error(`syntax error: ${statement.slice(0, 80)}`)
  return { menu: words.slice(0, at).join('/'), verb: words[at] ?? '', rest: words.slice(at + 1) }
}

/** Outside of quotes and brackets of any kind. */
function split(text: string, separator: string): string[] {
  const parts = ['']
  let depth = 0
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|[^"]/gs) ?? []) {
    if ('([{'.includes(token)) depth += 1
    if (')]}'.includes(token)) depth -= 1
    if (token === separator && depth === 0) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function blockOf(word: string | undefined): string | undefined {
  return /^do=\{(.*)\}$/s.exec(word ?? '')?.[1]
}

function pairOf(text: string, separator: string): [name: string, value: string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + 1)]
}

function listOf(value: Value): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : typeof value === 'string' ? [value] : []
}

function numberOf(value: Value): number {
  return typeof value === 'object' && 'seconds' in value ? value.seconds : Number(value)
}

/** REST says `true` where the console takes `yes`. */
function textOf(value: Value): string {
  return value === undefined ? '' : value === 'yes' ? 'true' : value === 'no' ? 'false' : typeof value === 'object' ? '' : String(value)
}
