/**
 * The soak: three nodes, random kills and stops of nodes, broker and database, 500 commands a second; at the end nothing is lost,
 * doubled or out of order. `npm run soak -- --minutes 10 --rate 500`
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'
import { beadId, BEADS, insist, load, type LoadCounts } from './load.ts'
import { restless, verdict } from './verdict.ts'
import { makeWorld } from './world.ts'

const QUIET_LIMIT_MS = 120_000

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '500' }, nodes: { type: 'string', default: '3' } } })
const [minutes, rate, nodeCount] = [Number(values.minutes), Number(values.rate), Number(values.nodes)]
const began = Date.now()
const say = (line: string): void => console.log(`${((Date.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`)

const world = await makeWorld(nodeCount)
let isRight: boolean
try {
  await Promise.all(world.nodes.map((node) => node.start()))
  const counts: LoadCounts = { sent: 0, repeated: 0 }
  await Promise.all(Array.from({ length: BEADS }, (_, n) => insist(world.nodes, '/create', { id: beadId(n), eventId: `create-${n}` }, counts)))
  say(`${nodeCount} nodes, ${BEADS} beads, ${rate} commands/s for ${minutes} minutes`)
  const until = Date.now() + minutes * 60_000
  const [answered, deeds] = await Promise.all([load(world.nodes, rate, 40, until, counts), chaos(world, until - 15_000, say)])
  say(`${answered.length} commands answered with success, ${counts.repeated} tries repeated, ${deeds.length} disturbances; waiting for quiet`)
  const limit = Date.now() + QUIET_LIMIT_MS
  while ((await restless(world.databaseUrl)) > 0 && Date.now() < limit) await pause(500)
  const findings = await verdict(world.databaseUrl, world.broker.url, answered)
  for (const { what, count, expected } of findings) console.log(`${count === expected ? 'right' : 'WRONG'}  ${String(count).padStart(9)}${expected === 0 ? '' : ` of ${expected}`}  ${what}`)
  isRight = findings.every(({ count, expected }) => count === expected)
} finally {
  await world.close()
}
console.log(isRight ? 'soak: all right' : 'soak: WRONG')
process.exit(isRight ? 0 : 1)
