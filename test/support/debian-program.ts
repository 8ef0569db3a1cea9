/** Real programs that tests need: found on the machine, else installed from Debian's packages as root, else an error that names what is missing. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Wanted {
  /** All of them must be there. Absolute paths are looked for as they are; names in the path, and where servers are kept. */
  files: readonly string[]
  /** Debian packages that bring them. */
  packages: readonly string[]
}

const installs = new Map<string, Promise<string[]>>()

/** Where each of the files is. */
export function debianProgram(wanted: Wanted): Promise<string[]> {
  const key = wanted.packages.join()
  const found = installs.get(key) ?? find(wanted)
  installs.set(key, found)
  return found
}

async function find({ files, packages }: Wanted): Promise<string[]> {
  const absent = async (): Promise<string[]> => (await Promise.all(files.map(async (file) => ((await locate(file)) === undefined ? [file] : [])))).flat()
  const missing = (why: string): Error => new Error(`this needs ${files.join(', ')} (Debian packages ${packages.join(' ')}): not all are on this machine, ${why}`)
  if ((await absent()).length > 0) {
    if (process.getuid?.() !== 0) throw missing('and only root can install them')
    try {
      // The lock of the package tool is waited for: test files run side by side.
      const apt = ['-o', 'DPkg::Lock::Timeout=120', '-y', '-qq']
      await run('apt-get', [...apt, 'update'])
      await run('apt-get', [...apt, 'install', '--no-install-recommends', ...packages], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    } catch (error) {
      throw missing(`and they could not be installed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const left = await absent()
  if (left.length > 0) throw missing(`and the packages did not bring ${left.join(', ')}`)
  return Promise.all(files.map(async (file) => (await locate(file)) ?? file))
}

async function locate(file: string): Promise<string | undefined> {
  const folders = file.startsWith('/') ? [''] : [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']
  for (const folder of folders) {
    const path = folder === '' ? file : join(folder, file)
    const isThere = await access(path, constants.R_OK).then(() => true, () => false)
    if (isThere) return path
  }
  return undefined
}
