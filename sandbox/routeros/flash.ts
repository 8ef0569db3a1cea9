/** What played routers keep over a power cut: their records and their address, in one file. */
import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { listen, type ListenOptions } from '../server.ts'

const flashSchema = z.object({
  port: z.int(),
  /** By name, then by menu. */
  routers: z.record(z.string(), z.record(z.string(), z.array(z.record(z.string(), z.string())))),
})

export type Flash = z.output<typeof flashSchema>

export interface FlashFile {
  /** From before; undefined without a file, and with one that nobody can read. */
  kept: Flash | undefined
  keep(flash: Flash): void
}

/** @param path where; undefined: nothing is kept */
export function openFlash(path: string | undefined): FlashFile {
  if (path === undefined) return { kept: undefined, keep: () => undefined }
  return {
    kept: read(path),
    // At once, so that a kill finds the old file or the new one. It holds the played routers' passwords.
    keep(flash) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.new`, JSON.stringify(flash), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
  }
}

/** Below those that systems give to connections that go out (Linux: from 32768): there a port that is kept may be taken between two runs. */
const KEPT_PORTS = { from: 20_000, to: 32_000 }

/** On the port of before, which the routers' records name, or on another when somebody else has it now. */
export async function listenAgain(app: FastifyInstance, options: ListenOptions & { flash?: string }, kept: number | undefined): Promise<string> {
  if (options.flash === undefined || options.port !== undefined) return await listen(app, options)
  try {
    return await listen(app, { ...options, port: kept ?? randomInt(KEPT_PORTS.from, KEPT_PORTS.to) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return await listen(app, options)
  }
}

function read(path: string): Flash | undefined {
  try {
    return flashSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
