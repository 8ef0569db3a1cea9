/** A business that takes money, in memory: real actors and engine, an M-Pesa that does what the scenario says, and crashes at will. */
import { createCredentialIssuer } from '../../actors/credentials.ts'
import type { PulledTransaction } from '../../actors/gateways/mpesa/port.ts'
import { accountReferenceOf } from '../../actors/payment/account-reference.ts'
import { receiptPaymentIds, type ReceivedMoney } from '../../actors/payment/received-money.ts'
import { createRegistry } from '../../actors/registry.ts'
import { moneyReceiver } from '../../api/payments/receive-money.ts'
import { withReceiptUse } from '../../api/payments/receipt-use.ts'
import type { PaymentContext } from '../../machines/payment/context.ts'
import { isRefundRequested } from '../../machines/payment/refund.ts'
import { createRuntime, manualClock, memoryStore, type ActorView, type Runtime } from '../../runtime/index.ts'
import { fakeMpesa } from '../support/fake-mpesa.ts'
import { nobodyOnline } from '../support/live-access.ts'
import { subscriptionStub } from '../support/subscription-stub.ts'
import { CASH_INPUT, INPUT } from '../unit/machines/payment.fixture.ts'
import { START } from '../unit/machines/play.ts'

const KEY = 'an application key of good length'
export const ACCOUNTS = ['12345674', 'prompt-0', 'prompt-1', 'rent'] as const
export const PROMPTS = 2
const AMOUNT = 2_000
export const CASH_ID = 'pay_cash'

/** All that may happen, in any order; numbers name prompts, receipts and payments by their place. */
export type Happening =
  | { do: 'callback'; prompt: number; receipt: number; code: '0' | '1032' | '15' | '77777'; amount: number }
  | { do: 'confirm'; receipt: number; account: number; isForeign: boolean }
  | { do: 'pull'; receipts: { receipt: number; account: number }[] }
  | { do: 'claim'; prompt: number; receipt: number }
  | { do: 'assign'; payment: number }
  | { do: 'approve'; payment: number; receipt: number }
  | { do: 'reject'; payment: number; moneyCame: boolean }
  | { do: 'refund'; payment: number }
  /** Without the second person, for now. */
  | { do: 'ask' | 'approveAsked' | 'refuse'; payment: number }
  | { do: 'settle'; payment: number; returned: boolean }
  | { do: 'result'; payment: number; code: '0' | 'R000001' | '11' | '99999' }
  | { do: 'timeout'; payment: number }
  | { do: 'advance'; minutes: number }
  | { do: 'crash' }

function canAsk(state: string, { receipt, held, method }: PaymentContext): boolean {
  return state === 'refundFailed' || ((receipt !== null || held.length > 0 || method === 'cash') && (state === 'completed' || state === 'review' || state === 'failed'))
}

const FITTING: Readonly<Record<Extract<Happening, { payment: number }>['do'], (state: string, context: PaymentContext) => boolean>> = {
  assign: (_state, { purpose }) => purpose.kind === 'unmatched',
  approve: (state) => state === 'review' || state === 'failed',
  reject: (state, { method, received }) => state === 'review' && (method === 'stk' || received?.doubt !== 'account-unknown'),
  refund: canAsk,
  ask: canAsk,
  approveAsked: (_state, context) => isRefundRequested(context),
  refuse: (_state, context) => isRefundRequested(context),
  settle: (_state, { method }) => method === 'cash',
  result: (state) => state === 'refunding' || state === 'refundFailed',
  timeout: (state) => state === 'refunding',
}

export class MoneyWorld {
  readonly #store = memoryStore({ uniqueKeys: { 'business.payment_receipts': [['tenant', 'receipt']], 'business.open_prompts': [['tenant', 'phone']] } })
  readonly #clock = manualClock(START)
  #list: PulledTransaction[] = []
  #returns = 0
  runtime!: Runtime

  async open(): Promise<void> {
    this.#boot()
    await this.runtime.start()
    await this.runtime.create({ type: 'subscription', id: 'sub_1' }, { accountNumber: ACCOUNTS[0], phone: '254799999999', plan: { amount: AMOUNT, currency: 'KES' } })
    for (let prompt = 0; prompt < PROMPTS; prompt++) await this.runtime.create({ type: 'payment', id: promptId(prompt) }, { ...INPUT, phone: `25470000000${prompt}` })
    await this.runtime.create({ type: 'payment', id: CASH_ID }, CASH_INPUT)
    await this.runtime.settled()
    // The second prompt is vouched for by its query.
    await this.#clock.advance(60_000)
    await this.runtime.settled()
  }

  close(): Promise<void> {
    return this.runtime.stop()
  }

  #boot(): void {
    const runtime: Runtime = createRuntime({
      store: this.#store,
      clock: this.#clock,
      actors: [
        ...createRegistry({
          credentials: createCredentialIssuer(KEY),
          liveAccess: nobodyOnline(),
          sms: { send: async () => ({ providerId: 'p', status: 'sent', segments: 1 }) },
          mpesa: fakeMpesa({
            stkPush: async ({ phone }) => ({ merchantRequestId: 'm', checkoutRequestId: `ws_${phone.slice(-1)}`, responseDescription: '', customerMessage: '' }),
            stkQuery: async ({ checkoutRequestId }) => (checkoutRequestId === 'ws_1' ? { status: 'answered', resultCode: '0', resultDesc: '' } : { status: 'pending', reason: 'no-result-yet', resultDesc: '' }),
            reverse: async () => ({ originatorConversationId: `oc-${++this.#returns}`, conversationId: null }),
            askStatus: async () => ({ originatorConversationId: null, conversationId: null }),
            pullTransactions: async () => this.#list,
          }),
          config: {
            receiptIds: receiptPaymentIds(KEY),
            directory: { search: (query) => runtime.search(query), get: (address) => runtime.get(address) },
            resultUrls: () => ({ resultUrl: 'https://x.example/r', timeoutUrl: 'https://x.example/t' }),
          },
        }).filter(({ type }) => type !== 'subscription'),
        subscriptionStub,
      ],
    })
    this.runtime = runtime
  }

  rows(table: string): readonly Record<string, unknown>[] {
    return this.#store.tables.rows.get(table) ?? []
  }

  async payments(): Promise<(ActorView & { context: PaymentContext })[]> {
    const { data } = await this.runtime.list({ type: 'payment', limit: 100 })
    return (data as (ActorView & { context: PaymentContext })[]).sort((a, b) => a.id.localeCompare(b.id))
  }

  /** What is refused, or finds nobody, is part of life. */
  async happen(what: Happening): Promise<void> {
    try {
      await this.#do(what)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    }
    await this.runtime.settled()
  }

  async #do(what: Happening): Promise<void> {
    switch (what.do) {
      case 'callback': {
        const [id, receipt] = [promptId(what.prompt), receiptOf(what.receipt)]
        const event = { type: 'payment.callback', checkoutRequestId: `ws_${what.prompt}`, resultCode: what.code, ...(what.code === '0' ? { receipt, amount: what.amount } : {}) }
        await this.runtime.send({ type: 'payment', id }, withReceiptUse(event, id, receipt, this.#uses()))
        return
      }
      case 'confirm':
        return void (await this.#receive({ ...moneyOf(what.receipt, what.account, 'c2b'), ...(what.isForeign ? { foreignShortcode: '999999' } : {}) }))
      case 'pull':
        this.#list = what.receipts.map(({ receipt, account }) => ({ ...moneyOf(receipt, account, 'pull'), currency: 'KES' }))
        await this.runtime.create({ type: 'reconciliation', id: 'mpesa' }, {}).catch(() => this.runtime.send({ type: 'reconciliation', id: 'mpesa' }, { type: 'reconciliation.pull' }))
        return
      case 'claim':
        await this.runtime.send({ type: 'payment', id: promptId(what.prompt) }, { type: 'payment.claim', receipt: receiptOf(what.receipt) })
        return
      case 'crash':
        this.runtime.kill()
        this.#boot()
        return this.runtime.start()
      case 'advance':
        return this.#clock.advance(what.minutes * 60_000)
      default:
        return this.#decide(what)
    }
  }

  async #decide(what: Extract<Happening, { payment: number }>): Promise<void> {
    const everyone = await this.payments()
    // Mostly what can be done, so that the far ends are met; now and then anything.
    const fitting = everyone.filter(({ states, context }) => FITTING[what.do](states[0] ?? '', context))
    const all = fitting.length === 0 ? everyone : fitting
    const { id, context } = all[what.payment % all.length] as (typeof all)[number]
    const send = (event: { type: string; [field: string]: unknown }) => this.runtime.send({ type: 'payment', id }, event)
    switch (what.do) {
      case 'assign':
        return void (await send(withReceiptUse({ type: 'payment.assign', reason: 'x', subscriptionId: 'sub_1' }, id, context.receipt ?? undefined, this.#uses())))
      case 'approve': {
        const receipt = receiptOf(what.receipt)
        return void (await send(withReceiptUse({ type: 'payment.approve', reason: 'x', receipt }, id, receipt, this.#uses())))
      }
      case 'reject':
        return void (await send({ type: 'payment.reject', reason: 'x', moneyCame: what.moneyCame }))
      case 'ask':
        return void (await send({ type: 'payment.refund', reason: 'x', by: 'key:1' }))
      case 'approveAsked':
        return void (await send({ type: 'payment.approveRefund', by: 'key:2' }))
      case 'refuse':
        return void (await send({ type: 'payment.refuseRefund', by: 'key:2', reason: 'x' }))
      case 'settle':
        // Where it was not asked for yet, it is now.
        if (!isRefundRequested(context) && context.refund?.approvedBy == null) await send({ type: 'payment.refund', reason: 'x', by: 'key:1' })
        if (context.refund?.approvedBy == null) await send({ type: 'payment.approveRefund', by: 'key:2' })
        return void (await send({ type: 'payment.settleRefund', by: 'key:2', reason: 'x', returned: what.returned }))
      case 'refund':
        await send({ type: 'payment.refund', reason: 'x', by: 'key:1' })
        return void (await send({ type: 'payment.approveRefund', by: 'key:2' }))
      case 'result':
        return void (await send({ type: 'payment.returnResult', about: 'return', resultCode: what.code, ...(context.refund?.originatorConversationId == null ? {} : { originatorConversationId: context.refund.originatorConversationId }) }))
      case 'timeout':
        return void (await send({ type: 'payment.returnTimedOut', about: 'return' }))
    }
  }

  #receive(money: ReceivedMoney): Promise<unknown> {
    const receipts = { creditedTo: async () => this.#uses() }
    return moneyReceiver({ runtime: this.runtime, receipts, appKey: KEY }, 'main')(money, `confirm-${money.receipt}-${money.accountReference ?? ''}-${money.foreignShortcode ?? ''}`)
  }

  #uses(): Map<string, string> {
    return new Map(this.rows('business.payment_receipts').map((row) => [String(row['receipt']), String(row['payment_id'])]))
  }
}

function promptId(prompt: number): string {
  return `pay_prompt_${prompt}`
}

export function receiptOf(receipt: number): string {
  return `RKTQDM7W6${receipt}`
}

function moneyOf(receipt: number, account: number, source: 'c2b' | 'pull'): ReceivedMoney {
  const named = ACCOUNTS[account] ?? 'rent'
  const prompt = /^prompt-(\d)$/.exec(named)?.[1]
  const accountReference = prompt === undefined ? named : accountReferenceOf({ tenant: 'main', type: 'payment', id: promptId(Number(prompt)) })
  return { source, receipt: receiptOf(receipt), amount: AMOUNT, currency: 'KES', at: new Date(START).toISOString(), accountReference, phone: null, payer: { hash: null, masked: null, name: null } }
}
