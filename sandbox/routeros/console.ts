/**
 * The terminal of a played router: runs so much of RouterOS's language as scripts need that set a router up. One statement a line:
 *
 *   /menu add|set k="v" ...    /menu set [/menu find where comment="x"] k="v" ...    /menu move [/menu find where comment="x"] 0
 *   :if ([:len [/menu find where name="x"]] = 0) do={ ... } else={ ... }
 *   :if ([:pick [/system resource get version] 0 2] = "6.") do={ ... }
 *   (what such a script itself runs every minute: script.ts)
 *   :do { ... } on-error={ ... }    :local name [...]    :put "..."    /tool fetch ...    /system script run name
 *
 * A block `{ ... }` is read as a whole first: with a menu in it that the router does not have, none of it runs.
 */
import type { RouterRecord } from './record.ts'
import { type PlayedRouter, RouterRefusal } from './router.ts'
import { runScript } from './script.ts'

export interface Fetched {
  url: string
  status: number
}

export interface Pasted {
  /** What was put on the screen. */
  output: string[]
  fetched: Fetched[]
}

/** Menus that version 6 does not know. */
const SINCE_7 = /^\/interface wireguard/

class Terminal {
  readonly output: string[] = []
  readonly fetched: Fetched[] = []
  readonly #router: PlayedRouter
  readonly #locals = new Map<string, string>()

  constructor(router: PlayedRouter) {
    this.#router = router
  }

  async run(line: string): Promise<void> {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) return
    const upsert = /^:if \(\[:len \[(\/[a-z /-]+?) find where (comment|name)=("(?:[^"\\]|\\.)*")\]\] = 0\) do=\{ (.*) \} else=\{ (.*) \}$/.exec(text)
    if (upsert !== null) {
      const [, menu = '', key = '', value = '', whenNone = '', whenFound = ''] = upsert
      return this.run(this.#where(menu, key, this.#text(value)).length === 0 ? whenNone : whenFound)
    }
    const old = /^:if \(\[:pick \[\/system resource get version\] 0 2\] = "(.*?)"\) do=\{ (.*) \}$/.exec(text)
    if (old !== null) return this.#router.version.startsWith(old[1] ?? '') ? this.run(old[2] ?? '') : undefined
    const attempt = /^:do \{ (.*) \} on-error=\{(.*)\}$/.exec(text)
    if (attempt !== null) {
      try {
        for (const statement of (attempt[1] ?? '').split('; :')) await this.run(statement.startsWith('/') ? statement : `:${statement}`)
      } catch {
        await this.run(attempt[2] ?? '')
      }
      return
    }
    const local = /^:local (\w+) (.*)$/.exec(text)
    if (local !== null) return void this.#locals.set(local[1] ?? '', this.#value(local[2] ?? ''))
    if (text.startsWith(':put ')) return void this.output.push(this.#value(text.slice(5)))
    if (text.startsWith('/tool fetch ')) return this.#fetch(attributes(text.slice(12)))
    if (text.startsWith('/system script run ')) {
      const [script] = this.#where('/system script', 'name', text.slice(19))
      const source = script?.['source'] ?? ''
      return source.includes(':foreach ') ? runScript(this.#router, source) : this.run(source)
    }
    const move = /^(\/[a-z /-]+?) move \[\1 find where (comment|name)=("(?:[^"\\]|\\.)*")\] 0$/.exec(text)
    if (move !== null) return this.#toFront(move[1] ?? '', move[2] ?? '', this.#text(move[3] ?? ''))
    this.#command(text)
  }

  #toFront(menu: string, key: string, value: string): void {
    const records = this.#router.list(pathOf(menu))
    for (const record of this.#where(menu, key, value)) records.unshift(...records.splice(records.indexOf(record), 1))
  }

  #command(text: string): void {
    const [, menu = '', verb, rest = ''] = /^(\/[a-z /-]+?) (add|set) (.*)$/.exec(text) ?? []
    if (verb === undefined) throw new Error(`syntax error: ${text.slice(0, 80)}`)
    const path = pathOf(menu)
    if (verb === 'add') return void this.#router.add(path, this.#fields(attributes(rest)))
    const found = /^\[(\/[a-z /-]+?) find(?: where (comment|name)=("(?:[^"\\]|\\.)*"))?\] (.*)$/.exec(rest)
    if (found !== null) {
      const [, where = '', key = '', value = '""', fields = ''] = found
      for (const record of key === '' ? this.#router.list(pathOf(where)) : this.#where(where, key, this.#text(value))) this.#router.change(path, record['.id'] ?? '', this.#fields(attributes(fields)))
      return
    }
    const named = /^([a-z-]+) (.*)$/.exec(rest)
    if (this.#router.isSingle(path)) Object.assign(this.#router.list(path)[0] ?? {}, this.#fields(attributes(rest)))
    else if (named !== null) this.#router.change(path, named[1] ?? '', this.#fields(attributes(named[2] ?? '')))
  }

  async #fetch(given: ReadonlyMap<string, string>): Promise<void> {
    const value = (name: string): string => this.#value(given.get(name) ?? '""')
    const headers = value('http-header-field').split(',').map((header) => header.split(/:\s*/, 2) as [string, string])
    const response = await fetch(value('url'), { method: value('http-method').toUpperCase() || 'GET', headers: Object.fromEntries(headers), body: value('http-data') })
    await response.arrayBuffer()
    this.fetched.push({ url: value('url'), status: response.status })
    if (!response.ok) throw new Error(`failure: Fetch failed with status ${response.status}`)
  }

  #where(menu: string, key: string, value: string): RouterRecord[] {
    return this.#router.list(pathOf(menu)).filter((record) => record[key] === value)
  }

  #fields(given: ReadonlyMap<string, string>): RouterRecord {
    return Object.fromEntries([...given].map(([name, value]) => [name, truth(this.#value(value))]))
  }

  /** An expression: a text, a list joined by dots in brackets, a local, a question to a menu. */
  #value(expression: string): string {
    const text = expression.trim()
    if (text.startsWith('"')) return this.#text(text)
    if (text.startsWith('(') && text.endsWith(')')) return parts(text.slice(1, -1)).map((part) => this.#value(part)).join('')
    if (text.startsWith('$')) return this.#locals.get(text.slice(1)) ?? ''
    const count = /^\[:len \[(\/[a-z /-]+?) find\]\]$/.exec(text)
    if (count !== null) return String(this.#router.list(pathOf(count[1] ?? '')).length)
    const ofRecord = /^\[(\/[a-z /-]+?) get \[\/[a-z /-]+? find where (comment|name)=("(?:[^"\\]|\\.)*")\] ([a-z-]+)\]$/.exec(text)
    if (ofRecord !== null) return this.#where(ofRecord[1] ?? '', ofRecord[2] ?? '', this.#text(ofRecord[3] ?? ''))[0]?.[ofRecord[4] ?? ''] ?? ''
    const ofSingle = /^\[(\/[a-z /-]+?) get ([a-z-]+)\]$/.exec(text)
    if (ofSingle !== null) return this.#router.list(pathOf(ofSingle[1] ?? ''))[0]?.[ofSingle[2] ?? ''] ?? ''
    return text
  }

  /** A text in quotes: what is not escaped is expanded, as RouterOS does. */
  #text(quoted: string): string {
    const inner = quoted.replace(/^"|"$/g, '')
    return inner.replace(/\\(.)|\$(\w+)|\$\[[^\]]*\]/g, (_all, escaped: string | undefined, name: string | undefined) => escaped ?? (name === undefined ? '<expanded>' : (this.#locals.get(name) ?? '')))
  }
}

/** Runs a script as if it were pasted. Never throws: what fails is on the screen. */
export async function paste(router: PlayedRouter, script: string): Promise<Pasted> {
  const terminal = new Terminal(router)
  const lines = script.split('\n')
  const [start, end] = [lines.indexOf('{'), lines.lastIndexOf('}')]
  const block = start < 0 ? [] : lines.slice(start + 1, end)
  try {
    for (const line of start < 0 ? lines : lines.slice(0, start)) await terminal.run(line)
    if (router.version.startsWith('6.') && block.some((line) => SINCE_7.test(line) || line.includes('[/interface wireguard'))) throw new Error('syntax error')
    for (const line of block) await terminal.run(line)
  } catch (error) {
    terminal.output.push(error instanceof RouterRefusal ? error.detail : error instanceof Error ? error.message : 'failure')
  }
  return { output: terminal.output, fetched: terminal.fetched }
}

/** `/ip hotspot profile` is `/ip/hotspot/profile` to REST. */
function pathOf(menu: string): string {
  return menu.trim().replaceAll(' ', '/')
}

/** `k=v k2="v v"`; a value is a quoted text, an expression in round brackets, or a word. */
function attributes(text: string): Map<string, string> {
  return new Map([...text.matchAll(/([a-z-]+)=("(?:[^"\\]|\\.)*"|\((?:"(?:[^"\\]|\\.)*"|[^)"])*\)|\S+)/g)].map(([, name = '', value = '']) => [name, value]))
}

/** The parts that ` . ` joins, outside of quotes. */
function parts(text: string): string[] {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|\[(?:\[[^\]]*\]|[^\]])*\]|\$\w+/g)].map(([part]) => part)
}

/** REST says `true` where the console takes `yes`. */
function truth(value: string): string {
  return value === 'yes' ? 'true' : value === 'no' ? 'false' : value
}
