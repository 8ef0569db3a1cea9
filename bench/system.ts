/** The real system as a user starts it, with the outside systems played by a process beside it. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { DARAJA_SANDBOX_CREDENTIALS } from '../sandbox/daraja/index.ts'
import { SMS_SANDBOX_CREDENTIALS } from '../sandbox/sms/index.ts'
import { startProgram, startServer } from './child.ts'
import type { Server } from './child.ts'

const HOOK_SECRET = 'bench-hook-secret'

export interface System {
  /** Where it listens. */
  url: string
  outside: Server<{ daraja: string; sms: string }>
  /** Work done by its process so far, as its own metrics say. */
  cpuMs(): Promise<number>
  stop(): Promise<void>
}

/** @param dir where it may keep its files. */
export async function startSystem(databaseUrl: string, dir: string): Promise<System> {
  const outside = await startServer<{ daraja: string; sms: string }>('outside', {})
  const dataDir = await mkdtemp(join(dir, 'system-'))
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    // As where callbacks must be answered in time whatever else goes on (docs/adr/0023).
    STANDING_HOOKS_PORT: '0',
    DATABASE_URL: databaseUrl,
    STANDING_DATA_DIR: dataDir,
    STANDING_MODE: 'sandbox',
    STANDING_API_KEY: 'sk_bench_0123456789abcdef',
    STANDING_APP_KEY: 'a key for measurements alone',
    STANDING_STK_PER_PHONE: '1000000/60',
    STANDING_STK_PER_MAC: '1000000/60',
    STANDING_STK_PER_IP: '1000000/60',
    LOG_LEVEL: 'warn',
    STANDING_SANDBOX_TOWN: 'off',
    STANDING_SECOND_KEY_FROM: 'off',
    DARAJA_BASE_URL: outside.ready.daraja,
    DARAJA_CONSUMER_KEY: DARAJA_SANDBOX_CREDENTIALS.consumerKey,
    DARAJA_CONSUMER_SECRET: DARAJA_SANDBOX_CREDENTIALS.consumerSecret,
    DARAJA_SHORTCODE: DARAJA_SANDBOX_CREDENTIALS.shortcode,
    DARAJA_PASSKEY: DARAJA_SANDBOX_CREDENTIALS.passkey,
    DARAJA_HOOK_SECRET: HOOK_SECRET,
    AT_BASE_URL: outside.ready.sms,
    AT_USERNAME: SMS_SANDBOX_CREDENTIALS.username,
    AT_API_KEY: SMS_SANDBOX_CREDENTIALS.apiKey,
    SMS_HOOK_SECRET: HOOK_SECRET,
  }
  const program = await startProgram('main.ts', env, /listens on (http:\S+)\nWeb hooks +(http:\S+)\/hooks /)
  const [url = '', hooksUrl = ''] = program.said
  await outside.ask('reportTo', `${hooksUrl}/hooks/sms/${HOOK_SECRET}/delivery`)
  return {
    url,
    outside,
    async cpuMs() {
      const metrics = await (await fetch(`${url}/metrics`)).text()
      return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1]) * 1_000
    },
    async stop() {
      await program.stop()
      await outside.stop()
    },
  }
}
