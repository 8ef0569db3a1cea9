import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createDarajaClient } from '../../../actors/gateways/mpesa/client.ts'
import { createAfricasTalkingClient } from '../../../actors/gateways/sms/africas-talking.ts'
import { startSandbox } from '../../../sandbox/index.ts'
import { startRouterOs } from '../../../sandbox/routeros/index.ts'
import { scratchFolder } from '../../support/postgres.ts'
import { fresh, pushOf } from './daraja-support.ts'
import { startReceiver } from './servers.ts'

async function start(env: Record<string, string>) {
  const sandbox = await startSandbox({ env, daraja: { callbackAfterMs: 0 } })
  onTestFinished(() => sandbox.stop())
  return sandbox
}

test('plays what is not set, with settings that work', async () => {
  const receiver = await startReceiver()
  onTestFinished(() => receiver.stop())
  const { settings } = await start({ DARAJA_SHORTCODE: '600123', AT_API_KEY: 'given' })
  const setting = (name: string) => settings[name] ?? ''
  expect(settings).toMatchObject({ DARAJA_SHORTCODE: '600123', AT_API_KEY: 'given' })
  const mpesa = createDarajaClient({
    baseUrl: setting('DARAJA_BASE_URL'), consumerKey: setting('DARAJA_CONSUMER_KEY'), consumerSecret: setting('DARAJA_CONSUMER_SECRET'),
    shortcode: setting('DARAJA_SHORTCODE'), passkey: setting('DARAJA_PASSKEY'), transactionType: 'CustomerPayBillOnline', callbackUrl: receiver.url, clock: Date.now,
  })
  await mpesa.stkPush(pushOf(), fresh())
  expect(await receiver.until(1)).toHaveLength(1)
  const sms = createAfricasTalkingClient({ baseUrl: setting('AT_BASE_URL'), username: setting('AT_USERNAME'), apiKey: setting('AT_API_KEY') })
  expect(await sms.send({ to: '254712345678', text: 'hello', key: 'k' })).toMatchObject({ status: 'sent' })
})

test('leaves alone what is set', async () => {
  const sandbox = await start({ DARAJA_BASE_URL: 'https://api.safaricom.co.ke', AT_BASE_URL: 'https://api.africastalking.com', RADIUS_REST_TOKEN: 'token-of-a-freeradius' })
  expect(sandbox).toMatchObject({ settings: {} })
  expect(sandbox).not.toHaveProperty('daraja')
  expect(sandbox).not.toHaveProperty('sms')
  expect(sandbox).not.toHaveProperty('nas')
})

test('played routers that keep their address have one that no connection is given meanwhile', async () => {
  const folder = await scratchFolder()
  const flash = join(folder, 'routers.json')
  const first = await startRouterOs({ flash })
  first.router('hill').router.add('/ip/hotspot/walled-garden', { 'dst-host': 'a.example' })
  await first.router('hill').paste('')
  await first.stop()
  const again = await startRouterOs({ flash })
  expect([again.url, Number(new URL(again.url).port) < 32_768]).toEqual([first.url, true])
  await again.stop()
  await rm(folder, { recursive: true })
})
