/** Breaks one thing after the other, at random, and puts it right again. */
import { setTimeout as pause } from 'node:timers/promises'
import type { SoakNode, World } from './world.ts'

type Deed = (world: World, node: SoakNode) => Promise<string>

const DEEDS: readonly Deed[] = [
  async (_world, node) => {
    await node.end('SIGKILL')
    await pause(2_000)
    await node.start()
    return `${node.name}: kill -9, back after 2 s`
  },
  async (_world, node) => {
    await node.end('SIGTERM')
    await pause(1_000)
    await node.start()
    return `${node.name}: stopped and started`
  },
  async (_world, node) => {
    node.signal('SIGSTOP')
    await pause(12_000)
    node.signal('SIGCONT')
    return `${node.name}: frozen for 12 s`
  },
  async ({ broker }) => {
    await broker.stop('SIGKILL')
    await pause(2_000)
    await broker.start()
    return 'broker: kill -9, back after 2 s'
  },
  async (world) => {
    await world.restartDatabase()
    return 'database: cut off and recovered'
  },
]

/** Runs until `until`; the last thing is put right before it resolves. Resolves with what was done. */
export async function chaos(world: World, until: number, say: (line: string) => void): Promise<string[]> {
  const done: string[] = []
  // Each in turn, in a new order every round, so that a short run has seen them all.
  for (let round: Deed[] = []; ; ) {
    await pause(3_000 + Math.random() * 5_000)
    if (Date.now() >= until) return done
    if (round.length === 0) round = [...DEEDS].sort(() => Math.random() - 0.5)
    const deed = round.pop() as Deed
    const what = await deed(world, world.nodes[Math.floor(Math.random() * world.nodes.length)] as SoakNode)
    say(what)
    done.push(what)
  }
}
