/** What the story needs: the system in a process of its own over a folder of its own, and the outside systems as stand-ins in ours. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DARAJA_SANDBOX_CREDENTIALS, DARAJA_SANDBOX_INITIATOR, startDaraja, type Daraja } from '../daraja/index.ts'
import { startRouterOs, type RouterOs } from '../routeros/index.ts'
import { SMS_SANDBOX_CREDENTIALS, startSms, type Sms } from '../sms/index.ts'
import { systemClient, type SystemClient } from '../system-client.ts'

export interface House {
  url: string
  /** With the key of an administrator. */
  system: SystemClient
  /** With a key of one role alone, made at the command line as an operator does. */
  colleague: (name: string, role: string) => Promise<SystemClient>
  daraja: Daraja
  sms: Sms
  routerOs: RouterOs
  /** Where people log in at the hotspot. */
  loginsUrl: string
  end: () => Promise<void>
}

const REPOSITORY = join(import.meta.dirname, '../..')
const FOLDER = 'standing-demo-'
const START_LIMIT_MS = 40_000
const END_LIMIT_MS = 12_000
const LOADER = ['--import', './loader/register.js']

/** Whatever was started is ended, also when a later part does not start. */
export async function openHouse(signal: AbortSignal): Promise<House> {
  const open: (() => Promise<unknown>)[] = []
  const end = async (): Promise<void> => {
    for (const close of open.splice(0).reverse()) await close().catch(() => undefined)
  }
  try {
    await removeLeftOver(tmpdir())
    const folder = await mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`))
    // The database may run as another user, who must get through.
    await chmod(folder, 0o755)
    open.push(() => rm(folder, { recursive: true, force: true }))
    const daraja = await startDaraja({ callbackAfterMs: 200, resultAfterMs: 100 })
    open.push(() => daraja.stop())
    const sms = await startSms({ reportAfterMs: 50 })
    open.push(() => sms.stop())
    const routerOs = await startRouterOs()
    open.push(() => routerOs.stop())

    const secret = (): string => randomBytes(24).toString('base64url')
    const [apiKey, darajaSecret, smsSecret] = [secret(), hookSecret(), hookSecret()]
    const env = {
      ...bare(),
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'error',
      STANDING_DATA_DIR: join(folder, 'data'),
      STANDING_API_KEY: apiKey,
      STANDING_SANDBOX_TOWN: 'off',
      STANDING_QUIET_HOURS: 'off',
      DARAJA_BASE_URL: daraja.url,
      DARAJA_CONSUMER_KEY: DARAJA_SANDBOX_CREDENTIALS.consumerKey,
      DARAJA_CONSUMER_SECRET: DARAJA_SANDBOX_CREDENTIALS.consumerSecret,
      DARAJA_SHORTCODE: DARAJA_SANDBOX_CREDENTIALS.shortcode,
      DARAJA_PASSKEY: DARAJA_SANDBOX_CREDENTIALS.passkey,
      DARAJA_INITIATOR_NAME: DARAJA_SANDBOX_INITIATOR.name,
      DARAJA_SECURITY_CREDENTIAL: DARAJA_SANDBOX_INITIATOR.securityCredential,
      DARAJA_HOOK_SECRET: darajaSecret,
      AT_BASE_URL: sms.url,
      AT_USERNAME: SMS_SANDBOX_CREDENTIALS.username,
      AT_API_KEY: SMS_SANDBOX_CREDENTIALS.apiKey,
      SMS_HOOK_SECRET: smsSecret,
    }
    // With a channel, whose end it takes for ours: killed in whatever way, we leave no server behind.
    const program = spawn(process.execPath, [...LOADER, 'main.ts'], { cwd: REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    open.push(() => endOf(program))
    const printed = reading(program)
    const url = await printed(/^Standing listens on (\S+)$/m)
    const loginsUrl = await printed(/^Router stand-in +(\S+)/m)
    const hook = (what: string): string => `${url}/hooks/daraja/${darajaSecret}/c2b/${what}`
    daraja.control.setC2bUrls({ validationUrl: hook('validation'), confirmationUrl: hook('confirmation') })
    sms.control.setReportUrl(`${url}/hooks/sms/${smsSecret}/delivery`)
    return {
      url,
      system: systemClient(url, apiKey, signal),
      async colleague(name, role) {
        const command = spawn(process.execPath, [...LOADER, 'cli.ts', 'key', 'create', '--name', name, '--roles', role], { cwd: REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe'] })
        open.push(() => endOf(command))
        return systemClient(url, await reading(command)(/^(sk_\S+)$/m), signal)
      },
      daraja,
      sms,
      routerOs,
      loginsUrl,
      end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** Folders of stories that were killed. Those of one that is told at this moment beside ours stay. */
export async function removeLeftOver(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(new RegExp(`^${FOLDER}(\\d+)-`).exec(name)?.[1] ?? 0)
    if (pid > 0 && !isRunning(pid)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Stands in an address; of letters alone that spell nothing Safaricom refuses. */
function hookSecret(): string {
  return `h${randomBytes(12).toString('hex')}`
}

/** What whoever runs this has set for a system of their own must not reach ours. */
function bare(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'SystemRoot', 'USER']
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}

/** Resolves with the first group when it was printed. @throws Error with all that was printed, when it ends or takes too long */
function reading(program: ChildProcess): (wanted: RegExp) => Promise<string> {
  let text = ''
  const looks = new Set<() => void>()
  for (const stream of [program.stdout, program.stderr]) {
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text += more
      for (const look of looks) look()
    })
  }
  return (wanted) =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(limit)
        looks.delete(look)
        act()
      }
      const fail = (why: string): void => finish(() => reject(new Error(`${why}: ${text.trim()}`)))
      const look = (): void => {
        const found = wanted.exec(text)?.[1]
        if (found !== undefined) finish(() => resolve(found))
      }
      const limit = setTimeout(() => fail('the program does not start'), START_LIMIT_MS)
      program.once('close', () => fail('the program ended'))
      looks.add(look)
      look()
    })
}

async function endOf(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return
  const ended = once(program, 'close')
  const limit = setTimeout(() => program.kill('SIGKILL'), END_LIMIT_MS)
  program.kill('SIGTERM')
  await ended
  clearTimeout(limit)
}
