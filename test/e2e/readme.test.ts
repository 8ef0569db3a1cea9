/** What README.md tells people to call is there, and so are the addresses that it says the start prints. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSystem, type System } from '../support/system.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.dispose())

test('every address under /api in the README is in the OpenAPI document', async () => {
  const { body } = await system.ask<{ paths: Record<string, unknown> }>('/openapi.json', { anonymous: true })
  const known = Object.keys(body.paths).map((path) => new RegExp(`^${path.replaceAll('.', String.raw`\.`).replace(/\{\w+\}/g, '[^/]+')}$`))
  const told = [...README.matchAll(/(?<![\w/])(?:localhost:3000|GET |POST |DELETE |`)(\/api\/[\w/{}<>.-]+)/g)].map((match) => match[1] ?? '')
  expect(told.length).toBeGreaterThan(20)
  expect(told.filter((path) => !known.some((pattern) => pattern.test(path)))).toEqual([])
})

test.each([
  ['M-Pesa', '_sandbox/prompts'],
  ['SMS', '_sandbox/messages'],
  ['Router', '_sandbox/logins'],
])('the start prints where the stand-in of %s is acted by hand', async (name, path) => {
  const address = new RegExp(`^${name} stand-in +(\\S+)`, 'm').exec(system.logs())?.[1] ?? ''
  expect(address).toMatch(new RegExp(`/${path}$`))
  expect((await fetch(address)).status).toBe(200)
})
