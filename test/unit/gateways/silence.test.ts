import { describe, expect, it } from 'vitest'
import { silenceMemory } from '../../../actors/gateways/silence.ts'

describe('who did not answer', () => {
  it('is not asked again for as long as it has kept us waiting, unless it answers', () => {
    let now = 0
    const memory = silenceMemory(() => now)
    memory.fellSilent('a', 6_000)
    now = 5_999
    expect([memory.isSilent('a'), memory.isSilent('b')]).toEqual([true, false])
    now = 6_000
    expect(memory.isSilent('a')).toBe(false)
    memory.fellSilent('a', 6_000)
    memory.answered('a')
    expect(memory.isSilent('a')).toBe(false)
  })

  it('is forgotten when there are too many (R9)', () => {
    const memory = silenceMemory(() => 0)
    for (let router = 0; router <= 10_000; router++) memory.fellSilent(String(router), 1)
    expect([memory.isSilent('0'), memory.isSilent('1'), memory.isSilent('10000')]).toEqual([false, true, true])
  })
})
