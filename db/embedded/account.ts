import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { EmbeddedPostgresError } from './errors.ts'

/**
 * The operating-system user the server runs as. Postgres refuses to run as root, so a root process hands its server to
 * another user; everybody else runs it as themselves (`undefined`).
 */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Users that may run the server for root, best first. `_postgres` is the name on macOS. */
const CANDIDATES = ['postgres', '_postgres', 'nobody']

const run = promisify(execFile)

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** The user for a new database, when we are root. */
export async function serverAccount(): Promise<Account> {
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8'))
  for (const name of CANDIDATES) {
    const account = users.get(name)
    if (account !== undefined) return account
  }
  throw new EmbeddedPostgresError(
    'no-account',
    `Postgres refuses to run as root, and this machine has none of the users ${CANDIDATES.join(', ')}. ` +
      'Start Standing as an ordinary user, or set DATABASE_URL to a server of your own.',
  )
}

/** Runs a program to its end as the account. Rejects, with its output in the message, when it fails. */
export async function runAs(account: Account | undefined, program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args], spawnOptions(account))
  return stdout
}

/** Can the account enter this folder? Asks the system, which knows about ACLs and mounts, instead of reading mode bits. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  return runAs(account, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder]).then(
    () => true,
    () => false,
  )
}

/**
 * What every program of the server is spawned with. The working folder is `/`, since ours may be closed to the account.
 * PG* variables of the caller (PGDATA, PGPORT, PGOPTIONS ...) would change what the server does.
 */
export function spawnOptions(account: Account | undefined): { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_'))
  return { cwd: '/', env: { ...Object.fromEntries(inherited), LC_ALL: 'C' }, ...account }
}

function parsePasswd(text: string): Map<string, Account> {
  const users = new Map<string, Account>()
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name !== undefined && uid !== undefined && gid !== undefined && Number(uid) !== 0) {
      users.set(name, { uid: Number(uid), gid: Number(gid) })
    }
  }
  return users
}
