import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { registry } from '../../../actors/registry.ts'
import { missingWords } from '../../../tools/missing-words.ts'

describe('registry', () => {
  it('has every type once', () => {
    expect(registry.map(({ type }) => type)).toEqual(['payment', 'reconciliation', 'hotspot-session', 'subscription', 'notification', 'router', 'voucher', 'voucher-batch', 'approval'])
  })

  it.each(registry.map((definition) => [definition.type, definition] as const))('%s: every event has a schema, every durable call an effect, everything its words', (type, definition) => {
    const own = (definition.machine.events as string[]).filter((event) => !event.startsWith('xstate.'))
    expect(Object.keys(definition.events ?? {}).sort()).toEqual(own.sort())
    expect(Object.keys(definition.effects ?? {}).sort()).toEqual(Object.keys(definition.machine.implementations.actors as object).sort())
    expect(missingWords(definition.machine, definition.words as never)).toEqual([])
    expect(definition.machine.id).toBe(type)
    expect(definition.version).toMatch(/^\d+$/)
  })

  it('holds no world', async () => {
    const prompt = registry[0]?.effects?.['promptPayer']
    await expect(Promise.resolve().then(() => prompt?.run({ requestedAt: 0 } as never, { at: 0, address: { id: 'a' } } as never))).rejects.toThrow('only describes')
  })

  it('every schema can be written as JSON Schema for the API description', () => {
    for (const { input, events } of registry) {
      for (const schema of [input, ...Object.values(events ?? {})]) expect(z.toJSONSchema(schema as unknown as z.ZodType, { io: 'input' })).toHaveProperty('type', 'object')
    }
  })
})
