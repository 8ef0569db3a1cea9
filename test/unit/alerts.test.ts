import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { LANES } from '../../actors/lanes.ts'
import { createMetrics } from '../../api/metrics.ts'

it('docs/alerts.yml asks only for series and lanes that there are', async () => {
  const rules = await readFile(new URL('../../docs/alerts.yml', import.meta.url), 'utf8')
  const expressions = [...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expression = '']) => expression)
  expect(expressions).toHaveLength([...rules.matchAll(/- alert:/g)].length)

  const metrics = createMetrics({ processMetrics: false })
  metrics.watch({ stats: () => ({ waiting: 0, hotActors: 0, commitsInFlight: 0, outbox: 0, effects: {}, timersNear: 0, slices: 0 }), outboxAgeMs: async () => 0, setAside: async () => ({}) })
  const series = new Set([...(await metrics.render()).text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  const asked = new Set(expressions.flatMap((expression) => [...expression.matchAll(/\b(standing_\w+?)(?:_bucket)?\b(?=[{[)])/g)].map(([, name]) => name)))
  expect(asked.size).toBeGreaterThan(5)
  expect([...asked].filter((name) => !series.has(name))).toEqual([])

  const lanes = expressions.flatMap((expression) => [...expression.matchAll(/lane!?=~"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|')))
  expect(lanes.filter((lane) => !Object.hasOwn(LANES, lane))).toEqual([])
})
