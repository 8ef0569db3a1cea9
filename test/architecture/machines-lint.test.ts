/** R11 is upheld by lint; here it is shown to bite. */
import { join } from 'node:path'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Rules that need types are left out, as the snippets are in no project. */
const untyped = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] })

async function complaints(code: string, file = 'machines/lamp/machine.ts', eslint = untyped): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: join(root, file) })
  return result?.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`) ?? []
}

describe('lint of machines', () => {
  it.each([
    'export const at = Date.now()',
    'export const { now } = Date',
    'export const at = new Date()',
    'export const at = new Date',
    'export const at = Date()',
    "export const at = new Intl.DateTimeFormat('en').format()",
    'export const at = performance.now()',
    "import { Temporal } from 'temporal-polyfill'\nexport const at = Temporal.Now.instant()",
    'export const at = globalThis.Date.now()',
    'export const id = Math.random()',
    'export const id = crypto.randomUUID()',
    'setTimeout(() => undefined, 1)',
    'setInterval(() => undefined, 1)',
    'setImmediate(() => undefined)',
    'queueMicrotask(() => undefined)',
    'export const mode = process.env.MODE',
    "export const page = fetch('http://localhost')",
    "import { randomUUID } from 'node:crypto'\nexport { randomUUID }",
    "import { readFileSync } from 'fs'\nexport { readFileSync }",
    "export { readFile } from 'fs/promises'",
    "export const files = import('node:fs')",
  ])('refuses %j', async (code) => {
    const found = await complaints(code)
    expect(found.join('\n')).toMatch(/no-restricted-\w+: .*R11/)
  })

  it.each([
    'export const due = (at: number) => new Date(at).toISOString()',
    'export const due = (at: string) => Date.parse(at)',
    "import { setup } from 'xstate'\nexport const lamp = setup({})",
    "export const price = (n: number) => new Intl.NumberFormat('en').format(n)",
  ])('accepts %j', async (code) => {
    expect(await complaints(code)).toEqual([])
  })

  it('says what to use instead of a clock', async () => {
    expect((await complaints('export const at = Date.now()')).join()).toContain('timeOf(event) from runtime/vocabulary.ts')
  })

  it('leaves clocks to the other folders', async () => {
    expect(await complaints('export const at = Date.now()', 'runtime/clock.ts')).toEqual([])
  })
})

describe('lint of the tree', () => {
  it.each(['machines/lamp/machine.ts', 'api/app.ts', 'runtime/engine/outbox.ts', 'test/unit/some.test.ts'])('keeps NATS out of %s', async (file) => {
    expect((await complaints("import { connect } from 'nats'\nexport { connect }", file)).join()).toContain('Only runtime/bus/ knows NATS')
  })

  it('lets the bus use NATS', async () => {
    expect(await complaints("import { connect } from 'nats'\nexport { connect }", 'runtime/bus/jetstream.ts')).toEqual([])
  })

  it('finds floating promises, in tests too', async () => {
    const typed = new ESLint({ cwd: root })
    const found = await complaints('async function work(): Promise<void> {}\nwork()', 'test/unit/counts.test.ts', typed)
    expect(found.join()).toContain('no-floating-promises')
  })
})
