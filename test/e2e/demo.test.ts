/** `npm run demo` as whoever looks at the project for the first time runs it. */
import { readdir, rm } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../support/postgres.ts'
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
