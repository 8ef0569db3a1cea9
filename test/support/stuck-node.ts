/**
 * A node whose own thread never comes back once its thread of web hooks listens: as in the longest step, or the longest collection of
 * garbage. Prints where the web hooks come in. Arguments: address of the database, secret.
 */
import { intakeThread } from '../../api/intake/thread.ts'

const [databaseUrl = '', secret = ''] = process.argv.slice(2)
const intake = intakeThread(new URL('../../intake.ts', import.meta.url), {
  databaseUrl,
  host: '127.0.0.1',
  port: 0,
  logLevel: 'warn',
  trustedProxies: [],
  darajaSecret: secret,
  smsSecret: secret,
})
const address = await intake.listen()
await new Promise((resolve) => process.stdout.write(`${address}\n`, resolve))
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
