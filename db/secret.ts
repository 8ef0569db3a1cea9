/** A secret of this installation, kept in a file that only its owner can read. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Makes the secret at the first call and gives the same one ever after, also to processes that ask at the same moment. */
export async function keepSecret(dataDir: string, name: string, make: () => string): Promise<string> {
  const file = join(dataDir, name)
  const kept = await read(file)
  if (kept !== undefined) return kept

  await mkdir(dataDir, { recursive: true })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(make())
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(draft, file) // fails when somebody was faster; theirs is the secret then
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  const secret = await read(file)
  if (secret === undefined) throw new Error(`${file} was removed while it was made`)
  return secret
}

async function read(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
