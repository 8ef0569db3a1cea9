/** Types are taken off once, and the compiler is not in the way again (docs/adr/0024). */
import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { REPOSITORY, scratchFolder } from '../support/postgres.ts'

let project: string
beforeEach(async () => {
  project = await scratchFolder()
  await cp(join(REPOSITORY, 'loader'), join(project, 'loader'), { recursive: true })
  await mkdir(join(project, 'node_modules'))
  for (const name of ['ts-blank-space', 'typescript']) await symlink(join(REPOSITORY, 'node_modules', name), join(project, 'node_modules', name))
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  await writeFile(join(project, 'main.ts'), `import { two } from './other.ts'\nconst one: number = 1\nconsole.log(one + two)\n`)
  await writeFile(join(project, 'other.ts'), 'export const two: number = 2\n')
  onTestFinished(() => rm(project, { recursive: true, force: true }))
})

function run(file = 'main.ts'): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', './loader/register.js', file], { cwd: project }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }))
  })
}

const made = () => readdir(join(project, 'node_modules/.cache/standing-types'))

/** Its version can still be read; it cannot be run. */
async function withoutCompiler(): Promise<void> {
  const path = join(project, 'node_modules/ts-blank-space')
  await rm(path)
  await mkdir(path)
  await cp(join(REPOSITORY, 'node_modules/ts-blank-space/package.json'), join(path, 'package.json'))
}

test('the second start needs no compiler', async () => {
  expect(await run()).toEqual({ code: 0, output: '3\n' })
  await withoutCompiler()
  expect(await run()).toEqual({ code: 0, output: '3\n' })
})

test('a file that has changed is made anew, and what it was before is gone', async () => {
  await run()
  const before = await made()
  await writeFile(join(project, 'other.ts'), 'export const two: number = 20\n')
  expect(await run()).toEqual({ code: 0, output: '21\n' })
  const after = await made()
  expect([before.length, after.length, after.filter((name) => before.includes(name)).length]).toEqual([2, 2, 1])
  await withoutCompiler()
  await writeFile(join(project, 'other.ts'), 'export const two: number = 200\n')
  expect((await run()).output).toContain('ts-blank-space')
})

test('a file of the cache that is not whole, as after a loss of power, is made anew', async () => {
  await run()
  for (const name of await made()) await truncate(join(project, 'node_modules/.cache/standing-types', name), 0)
  expect(await run()).toEqual({ code: 0, output: '3\n' })
  await withoutCompiler()
  expect(await run()).toEqual({ code: 0, output: '3\n' })
})

test('a cache that cannot be written costs a start time, not its life', async () => {
  await writeFile(join(project, 'node_modules/.cache'), 'no folder')
  expect(await run()).toEqual({ code: 0, output: '3\n' })
})

test('several first starts at once do each other no harm', async () => {
  expect(await Promise.all(Array.from({ length: 4 }, () => run()))).toEqual(Array.from({ length: 4 }, () => ({ code: 0, output: '3\n' })))
  expect((await made()).filter((name) => !name.endsWith('.js'))).toEqual([])
})

test('an error names the line and the column of the source', async () => {
  await writeFile(join(project, 'fails.ts'), `interface Thing {\n  name: string\n}\nconst thing: Thing = { name: 'x' }\n  throw new Error(thing.name)\n`)
  expect((await run('fails.ts')).output).toContain('fails.ts:5:9')
})
