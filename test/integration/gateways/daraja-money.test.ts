/** The client against the stand-in: money that comes by itself, and money that goes back. */
import { describe, expect, test } from 'vitest'
import { parseAsyncResult } from '../../../actors/gateways/mpesa/async-result.ts'
import { parseC2b } from '../../../actors/gateways/mpesa/c2b.ts'
import { DARAJA_SANDBOX_INITIATOR } from '../../../sandbox/daraja/index.ts'
import { failureOf, fresh, pushOf, startWorld } from './daraja-support.ts'

const start = () => startWorld({ resultAfterMs: 0 }, { initiator: DARAJA_SANDBOX_INITIATOR })
type World = Awaited<ReturnType<typeof start>>
const urls = ({ receiver }: World) => ({ resultUrl: `${receiver.url}/hooks/result`, timeoutUrl: `${receiver.url}/hooks/timeout` })
const hour = () => ({ fromMs: Date.now() - 3_600_000, toMs: Date.now() })
const results = async ({ receiver }: World, count: number) => (await receiver.until(count)).map((body) => parseAsyncResult(JSON.parse(body)))

describe('the paybill', () => {
  test('confirms to the addresses that were registered, once they answered the validation', async () => {
    const world = await start()
    const { client, control, receiver } = world
    await client.registerC2b({ validationUrl: `${receiver.url}/validation`, confirmationUrl: `${receiver.url}/confirmation`, ifUnanswered: 'Completed' })
    const paid = await control.pay({ phone: '254708374149', amount: 10, account: '12345674', confirmations: 2 })
    expect(paid).toMatchObject({ outcome: 'paid', deliveries: [{ httpStatus: 200 }, { httpStatus: 200 }] })
    const bodies = (await receiver.until(3)).map((body) => parseC2b(JSON.parse(body)))
    expect(bodies).toEqual([1, 2, 3].map(() => ({ ok: true, transaction: expect.objectContaining({ amount: 1_000, accountReference: '12345674', payer: { hash: null, masked: '2547*****149', name: 'JANE DOE' } }) as unknown })))
    expect(await failureOf(client.registerC2b({ validationUrl: 'nowhere', confirmationUrl: `${receiver.url}/c`, ifUnanswered: 'Completed' }))).toMatchObject({ code: 'invalid-field', uncertain: false })
  })

  test('lists what nobody told us of, prompts that were paid, and says when there is nothing', async () => {
    const { client, control } = await start()
    expect(await client.pullTransactions(hour())).toEqual([])
    const paid = await control.pay({ phone: '254708374149', amount: 10, account: '12345674', confirmations: 0 })
    await client.stkPush(pushOf(), fresh())
    const { receipt } = await control.until((prompt) => prompt.receipt !== undefined)
    const list = await client.pullTransactions({ ...hour(), toMs: Date.now() + 1_000 })
    expect(list).toHaveLength(2)
    expect(list).toEqual(expect.arrayContaining([
      { receipt: paid.outcome === 'paid' ? paid.receipt : '', at: expect.any(String) as string, amount: 1_000, currency: 'KES', phone: '254708374149', accountReference: '12345674' },
      expect.objectContaining({ receipt, accountReference: 'ACC-1' }),
    ]))
  })
})

test('a prompt that was paid late is pulled with the time of its callback', async () => {
  let now = Date.now() - 600_000
  const { client, control, callbacks } = await startWorld({ clock: () => now, defaults: { callback: { manual: true } } }, { clock: () => now })
  const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
  now += 120_000
  await control.answer(checkoutRequestId, 0)
  const [told] = await callbacks(1)
  const [pulled] = await client.pullTransactions({ fromMs: now - 3_600_000, toMs: now + 1_000 })
  expect(Math.floor(Date.parse(pulled?.at ?? '') / 1_000)).toBe(Math.floor(now / 1_000))
  expect(Date.parse(told?.transactionDate ?? '')).toBe(Math.floor(now / 1_000) * 1_000)
})

describe('a reversal', () => {
  async function paid({ control }: World): Promise<string> {
    const outcome = await control.pay({ amount: 10 })
    return outcome.outcome === 'paid' ? outcome.receipt : ''
  }
  const reversal = (world: World, receipt: string) => ({ receipt, amount: 1_000, currency: 'KES', remarks: 'sold "twice"', ...urls(world) })

  test('takes the money back; again it is reversed already', async () => {
    const world = await start()
    const receipt = await paid(world)
    const taken = await world.client.reverse(reversal(world, receipt), fresh())
    expect(taken).toEqual({ originatorConversationId: expect.any(String) as string, conversationId: expect.stringMatching(/^AG_/) as string })
    await world.receiver.until(1)
    await world.client.reverse(reversal(world, receipt), fresh())
    expect(await results(world, 2)).toMatchObject([{ result: { resultCode: '0', originatorConversationId: taken.originatorConversationId } }, { result: { resultCode: 'R000001' } }])
  })

  test('of nothing is R000002, with a wrong initiator 2001', async () => {
    const world = await startWorld({ resultAfterMs: 0 }, { initiator: { name: 'somebody', securityCredential: 'x' } })
    await world.client.reverse(reversal(world, await paid(world)), fresh())
    expect(await results(world, 1)).toMatchObject([{ result: { resultCode: '2001' } }])
    const other = await start()
    await other.client.reverse(reversal(other, 'NLJ7RT61SV'), fresh())
    expect(await results(other, 1)).toMatchObject([{ result: { resultCode: 'R000002' } }])
  })

  test('is made once with one key, is uncertain without an answer, and impossible without an initiator', async () => {
    const world = await start()
    const request = reversal(world, await paid(world))
    const key = fresh()
    expect(await world.client.reverse(request, key)).toEqual(await world.client.reverse(request, key))
    world.control.nextReturn({ unanswered: true })
    const impatient = await startWorld({ resultAfterMs: 0 }, { initiator: DARAJA_SANDBOX_INITIATOR, timeoutMs: 200 })
    impatient.control.nextReturn({ unanswered: true })
    expect(await failureOf(impatient.client.reverse(reversal(impatient, 'NLJ7RT61SV'), fresh()))).toMatchObject({ code: 'timeout', uncertain: true })
    const unset = await startWorld()
    expect(await failureOf(unset.client.reverse({ ...request }, fresh()))).toMatchObject({ code: 'initiator-missing', uncertain: false, retryable: false })
  })

  test('that was certainly refused says so, and shows no secret', async () => {
    const world = await start()
    world.control.nextReturn({ refuse: 'spike-arrest' })
    const error = await failureOf(world.client.reverse(reversal(world, 'NLJ7RT61SV'), fresh()))
    expect(error).toMatchObject({ code: 'rate-limited', retryable: true, uncertain: false })
    expect(JSON.stringify([error.message, error.detail])).not.toContain(DARAJA_SANDBOX_INITIATOR.securityCredential)
    world.control.nextReturn({ refuse: 'internal' })
    expect(await failureOf(world.client.reverse(reversal(world, 'NLJ7RT61SV'), fresh()))).toMatchObject({ code: 'provider-failed', uncertain: true })
  })
})

describe('a payout', () => {
  const payout = (world: World, originatorConversationId: string) => ({ phone: '254708374149', amount: 1_000, currency: 'KES', originatorConversationId, remarks: 'refund', ...urls(world) })

  test('has our own number, which is taken once', async () => {
    const world = await start()
    expect(await world.client.payOut(payout(world, 'oc-1'), fresh())).toMatchObject({ originatorConversationId: 'oc-1' })
    expect(await results(world, 1)).toMatchObject([{ result: { resultCode: '0', originatorConversationId: 'oc-1' } }])
    expect(await failureOf(world.client.payOut(payout(world, 'oc-1'), fresh()))).toMatchObject({ uncertain: false })
    expect(world.control.returns()).toHaveLength(1)
  })

  test('whose result is never told is known by a status query; a timeout is told apart', async () => {
    const world = await start()
    world.control.nextReturn({ times: 0, timeout: true })
    await world.client.payOut(payout(world, 'oc-1'), fresh())
    await world.client.askStatus({ originatorConversationId: 'oc-1', ...urls(world) })
    await world.client.askStatus({ originatorConversationId: 'oc-2', ...urls(world) })
    const told = (await results(world, 3)).map((reading) => (reading.ok ? [reading.result.resultCode, reading.result.transactionStatus] : []))
    expect(told).toEqual(expect.arrayContaining([['0', 'Completed'], ['R000002', undefined]]))
  })
})
