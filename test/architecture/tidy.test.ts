/**
 * Tidiness that no linter knows, in the spirit of TigerBeetle's tidy. Forbidden words are put together from parts below, so that this
 * file does not hold them itself.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

const LINES_MAX = 350

/** File -> why it may be longer. */
const LONG_FOR_A_REASON: Readonly<Record<string, string>> = {}

const SOURCE_FOLDERS = ['loader', 'machines', 'actors', 'runtime', 'db', 'api', 'console', 'sandbox', 'bench', 'tools']
const CODE = /\.(ts|js|cjs|mjs)$/
const TEXT = /\.(ts|js|cjs|mjs|json|md|ya?ml|sql|css|html|sh|conf)$|^\.[\w-]+$|^\.ci\/run$|^Dockerfile$/

interface File {
  path: string
  lines: string[]
}

/** Everything that is or would be committed. */
const files: File[] = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && TEXT.test(path) && existsSync(join(root, path)))
  .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').trimEnd().split('\n') }))

const code = files.filter(({ path }) => CODE.test(path))
const lockFile = files.filter(({ path }) => path === 'package-lock.json')
const written = files.filter(({ path }) => path !== 'package-lock.json')

function within(...folders: string[]): (file: File) => boolean {
  return ({ path }) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`))
}

/** Where a pattern occurs, as `file:line: text`. */
function places(pattern: RegExp, among: readonly File[]): string[] {
  return among.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  )
}

function joined(...parts: string[]): string {
  return parts.join('')
}

const UNFINISHED = new RegExp(`\\b(${joined('TO', 'DO')}|${joined('FIX', 'ME')}|${joined('X', 'XX')})\\b`)
const LEFT_OUT = new RegExp(`\\.(${joined('on', 'ly')}|${joined('sk', 'ip')}|${joined('to', 'do')})(If)?(\\.\\w+)*[(\`]`)
const LOOSE_TYPE = new RegExp(`\\bas ${joined('a', 'ny')}\\b(?! \\w)`)
const SILENCED_COMPILER = new RegExp(`@ts-${joined('ig', 'nore')}|@ts-${joined('no', 'check')}`)
const CONSOLE_LOG = new RegExp(`\\bconsole\\.${joined('lo', 'g')}\\(`)
const MACHINE_PATH = new RegExp(`(^|[\\s'"\`(=:,])/(${['wo|rk', 'ro|ot', 'fa|rm'].map((name) => name.replace('|', '')).join('|')})(/|\\b(?=['"\`\\s)]))`)
const VAGUE_NAME = /(^|[.-])(utils?|helpers?)(\.|$)/

describe('tidy', () => {
  it('looks at the tree', () => {
    expect(code.map(({ path }) => path)).toContain('test/architecture/tidy.test.ts')
    expect(lockFile).toHaveLength(1)
  })

  it(`keeps source files within ${LINES_MAX} lines`, () => {
    const long = code.filter(within(...SOURCE_FOLDERS, 'main.ts', 'intake.ts', 'cli.ts')).filter(({ path, lines }) => lines.length > LINES_MAX && !(path in LONG_FOR_A_REASON))
    expect(long.map(({ path, lines }) => `${path}: ${lines.length} lines`)).toEqual([])
  })

  it('holds no exception to the length that is no longer needed', () => {
    const needed = files.filter(({ lines }) => lines.length > LINES_MAX).map(({ path }) => path)
    expect(Object.keys(LONG_FOR_A_REASON).filter((path) => !needed.includes(path))).toEqual([])
  })

  it('leaves nothing unfinished behind', () => {
    expect(places(UNFINISHED, written)).toEqual([])
  })

  it('leaves no test out, and none alone', () => {
    expect(places(LEFT_OUT, code.filter(within('test')))).toEqual([])
  })

  it('names files for what they hold', () => {
    expect(files.filter(({ path }) => path.split('/').some((part) => VAGUE_NAME.test(part))).map(({ path }) => path)).toEqual([])
  })

  it('keeps types honest', () => {
    expect(places(LOOSE_TYPE, code)).toEqual([])
    expect(places(SILENCED_COMPILER, code)).toEqual([])
  })

  it('prints only from command lines', () => {
    const silent = code.filter((file) => !within('bench', 'tools', 'test/soak', 'cli.ts', 'main.ts')(file))
    expect(places(CONSOLE_LOG, silent)).toEqual([])
  })

  it('names no path of one machine', () => {
    expect(places(MACHINE_PATH, written)).toEqual([])
  })

  it('ties the lock file to no registry', () => {
    expect(places(/"resolved": "http/, lockFile)).toEqual([])
    expect(places(/^\s*(@[^:]+:)?registry\s*=/, files.filter(within('.npmrc')))).toEqual([])
  })
})

describe('the patterns of tidy', () => {
  it.each([
    [UNFINISHED, joined('// TO', 'DO: later'), 'const todoList = 1'],
    [LEFT_OUT, joined('it.on', "ly('x')"), 'readonly.length'],
    [LEFT_OUT, joined('describe.sk', 'ipIf(x)'), "page.skipTo('x')"],
    [LOOSE_TYPE, joined('x as an', 'y'), 'as many as you like'],
    [SILENCED_COMPILER, joined('// @ts-ig', 'nore'), '// @ts-expect-error: why'],
    [CONSOLE_LOG, joined('console.lo', "g('x')"), 'console.error(1)'],
    [MACHINE_PATH, joined("'/ro", "ot/x'"), 'console/work/page and https://example.org/root/'],
    [VAGUE_NAME, 'string-utils.ts', 'utility-bill.ts'],
  ])('%s', (pattern, bad, good) => {
    expect(bad).toMatch(pattern)
    expect(good).not.toMatch(pattern)
  })
})
