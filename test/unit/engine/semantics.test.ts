/** Any XState machine runs on the engine unchanged: XState itself is the judge of what it must do. */
import { describe, expect, it } from 'vitest'
import { agree, MODES } from './oracle.ts'
import { CASES } from './semantics.fixture.ts'

describe.each(MODES)('as in XState, $mode', (mode) => {
  it.each(CASES)('$name', async ({ machine, plays, input, ends }) => {
    const seen = await agree(machine, plays, mode, {}, input)
    expect(seen.at(-1)?.value).toEqual(ends)
  })
})
