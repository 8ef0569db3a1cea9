/** Real programs that tests and measurements run: on the machine; else installed from Debian's packages, as root; else an error that names what is missing. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const found = new Map<string, Promise<string>>()

/** The Debian package has the program's name. */
export function findProgram(name: string): Promise<string> {
  let path = found.get(name)
  if (path === undefined) {
    path = find(name)
    found.set(name, path)
  }
  return path
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

async function find(name: string): Promise<string> {
  const present = await inPath(name)
  if (present !== undefined) return present
  if (process.getuid?.() !== 0) throw missing(name, 'and only root can install it')
  try {
    // The lock of the package tool is waited for: test files run side by side.
    const apt = ['-o', 'DPkg::Lock::Timeout=120', '-y', '-qq']
    await run('apt-get', [...apt, 'update'])
    await run('apt-get', [...apt, 'install', '--no-install-recommends', name], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  } catch (error) {
    throw missing(name, `and could not be installed: ${error instanceof Error ? error.message : String(error)}`)
  }
  const installed = await inPath(name)
  if (installed === undefined) throw missing(name, 'and its Debian package did not bring it')
  return installed
}

async function inPath(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']) {
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK).then(() => true, () => false)
    if (isThere) return path
  }
  return undefined
}

function missing(name: string, why: string): Error {
  return new Error(`this needs the program ${name} (Debian package ${name}): it is not on this machine, ${why}`)
}
