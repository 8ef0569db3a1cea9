/** A batch of many steps takes turns with whatever else the event loop has to do. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assign, emit, setup } from 'xstate'
import { expect, it } from 'vitest'
import { rig, thing, typed } from './rig.ts'

const ACTORS = 40
const addressOf = (n: number) => ({ type: 'thing', id: `t${n}` })

/** Busy for a millisecond, on whatever machine. */
function spin(): void {
  const until = performance.now() + 1
  while (performance.now() < until);
}

it('lets the event loop take in what has come between the steps of one batch', async () => {
  let steps = 0
  const slow = setup({ types: typed<{ context: { n: number }; events: { type: 'go' } }>() }).createMachine({
    context: { n: 0 },
    on: {
      go: {
        actions: assign(({ context }) => {
          spin()
          steps++
          return { n: context.n + 1 }
        }),
      },
    },
  })
  const r = await rig([thing(slow)])
  for (let n = 0; n < ACTORS; n++) await r.create(undefined, `t${n}`)
  let most = 0
  let before = 0
  const look = (): void => {
    most = Math.max(most, steps - before)
    before = steps
    if (steps < ACTORS) setImmediate(look)
  }
  setImmediate(look)
  await Promise.all(Array.from({ length: ACTORS }, (_, n) => r.runtime.send(addressOf(n), { type: 'go' })))
  await r.runtime.settled()
  expect(steps).toBe(ACTORS)
  // Two batches under way, each with a slice of three milliseconds or a step more.
  expect(Math.max(most, steps - before)).toBeLessThanOrEqual(8)
})

it('answers nobody any more once it was killed between two slices', async () => {
  const machine = setup({ types: typed<{ events: { type: 'go' }; emitted: { type: 'thing.gone' } }>() }).createMachine({ on: { go: { actions: emit({ type: 'thing.gone' }) } } })
  const r = await rig([thing(machine)])
  for (let n = 0; n < ACTORS; n++) await r.create(undefined, `t${n}`)
  r.runtime.onFact(spin)
  let answers = 0
  const sent = Array.from({ length: ACTORS }, (_, n) =>
    r.runtime.send(addressOf(n), { type: 'go' }).then(() => {
      answers++
      r.runtime.kill()
    }),
  )
  await Promise.race(sent)
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  // A slice of three milliseconds, each answer of which costs one.
  expect(answers).toBeLessThanOrEqual(8)
})
