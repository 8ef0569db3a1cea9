/** `npm run demo` as whoever looks at the project for the first time runs it. */
import { spawn } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { dataOf, openHome } from '../../db/embedded/home.ts'
import { findPostmaster, isAlive } from '../../db/embedded/postmaster.ts'
import { removeLeftOver } from '../../sandbox/demo/house.ts'
import { REPOSITORY, scratchFolder } from '../support/postgres.ts'
import { cleanEnvironment, runToEnd } from '../support/system.ts'

test('tells the month as it should be, within a minute, and leaves nothing behind', async () => {
  const folder = await scratchFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { code, output } = await runToEnd('sandbox/demo/index.ts', [], { ...cleanEnvironment(), TMPDIR: folder })
  expect(output).not.toContain('not as told')
  expect(code).toBe(0)
  const told = [
    'The hour is over: the router has cut her off',
    /> "Received KES 2,500 \(\w{10}\) for account \d{8}/,
    'She is reminded a week before the end',
    'Home 10 has ended; you are online at low speed',
    'Home 10 is off.',
    'On again within a moment',
    'The next term has begun, with Home 20',
    'The power is back: the outage is closed',
    'A second time the code is worth nothing',
    'She cannot approve it herself',
    'The ledger balances: all accounts sum to zero',
    'The dashboard says the same: KES 9,260.00 in, 250.00 back',
    /All as told, in \d{1,2} seconds\./,
  ]
  let from = 0
  for (const line of told) {
    const rest = output.slice(from)
    const found = typeof line === 'string' ? rest.indexOf(line) : rest.search(line)
    expect(found, `${String(line)} in ${rest}`).toBeGreaterThanOrEqual(0)
    from += found
  }
  expect(await readdir(folder)).toEqual([])
})

test('ends with an error, and without a server left, when it cannot be told', async () => {
  const folder = await scratchFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  // No folder to work in.
  const { code, output } = await runToEnd('sandbox/demo/index.ts', [], { ...cleanEnvironment(), TMPDIR: `${folder}/none` })
  expect([code, output]).toEqual([1, expect.stringContaining('ENOENT')])
})

test('killed in the middle, its system and server end, and the next one clears its folder away', async () => {
  const folder = await scratchFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const demo = spawn(process.execPath, ['--import', './loader/register.js', 'sandbox/demo/index.ts'], { cwd: REPOSITORY, env: { ...cleanEnvironment(), TMPDIR: folder }, stdio: 'ignore' })
  onTestFinished(() => void demo.kill('SIGKILL'))
  const until = <Result>(look: () => Promise<Result>) => vi.waitFor(look, { timeout: 40_000, interval: 50 })
  const name = await until(async () => {
    const [found] = await readdir(folder)
    if (found === undefined) throw new Error('no folder yet')
    return found
  })
  expect(name).toContain(`standing-demo-${demo.pid}-`)
  const data = join(folder, name, 'data')
  const server = await until(async () => {
    const found = await findPostmaster(dataOf(await openHome(data)))
    if (found?.status !== 'ready') throw new Error('no server yet')
    return found
  })
  demo.kill('SIGKILL')
  await until(async () => expect(await isAlive(server.pid)).toBe(false))

  await mkdir(join(folder, `standing-demo-${process.pid}-mine`))
  await removeLeftOver(folder)
  expect(await readdir(folder)).toEqual([`standing-demo-${process.pid}-mine`])
})
