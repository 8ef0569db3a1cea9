import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closingLine, sumCounts, writeCounts } from '../../tools/counts.ts'

describe('the closing line', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'counts-test-'))
  })
  afterEach(() => {
    rmSync(dir, { recursive: true })
  })

  it('sums what every program of the run counted', () => {
    writeCounts('check', { passed: 5, failed: 1, skipped: 0 }, dir)
    writeCounts('tests', { passed: 7, failed: 2, skipped: 3 }, dir)
    expect(closingLine(sumCounts(dir), 1)).toEqual({ line: '12 passed, 3 failed, 3 skipped', ok: false })
  })

  it('is good only when all passed and the run said so', () => {
    expect(closingLine({ passed: 4, failed: 0, skipped: 0 }, 0)).toEqual({ line: '4 passed, 0 failed', ok: true })
    expect(closingLine({ passed: 4, failed: 1, skipped: 0 }, 0).ok).toBe(false)
  })

  it('counts a run that died uncounted as failed', () => {
    expect(closingLine({ passed: 4, failed: 0, skipped: 0 }, 137)).toEqual({ line: '4 passed, 1 failed', ok: false })
  })

  it('counts a run that proved nothing as failed', () => {
    expect(closingLine(sumCounts(dir), 0)).toEqual({ line: '0 passed, 1 failed', ok: false })
  })
})
